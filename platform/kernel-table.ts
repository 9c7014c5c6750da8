import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { readFileIfExists, writeFileAtomic } from "./atomic-file.ts";
import { parseJson } from "./json-text.ts";

const REMOVE_TIMEOUT_MS = 5_000;

/** What the rules of a table are for. */
export type KernelTableUse = "gateway" | "cluster-bus";

/** Which table an agent owns in the kernel, and the program that made it. */
const recordSchema = z.object({
	format: z.literal(1),
	table: z.string().regex(/^larder_[0-9a-f]{16}$/),
	nft: z.string(),
});

/** Each agent has tables of its own, even if other installations share the machine. */
export function kernelTableName(agentDir: string, use: KernelTableUse): string {
	const named = use === "gateway" ? agentDir : `${agentDir}\0${use}`;
	return `larder_${createHash("sha256").update(named).digest("hex").slice(0, 16)}`;
}

/** Records a table for removeKernelTables. Must be called before the table is made. */
export async function rememberKernelTable(
	agentDir: string,
	use: KernelTableUse,
	nft: string,
): Promise<void> {
	const record = { format: 1, table: kernelTableName(agentDir, use), nft };
	await writeFileAtomic(recordPath(agentDir, use), JSON.stringify(record));
}

/** The recorded program that made an agent's table; null without a table, or if the record can't be read. */
export async function rememberedProgram(
	agentDir: string,
	use: KernelTableUse,
): Promise<string | null> {
	const text = await readFileIfExists(recordPath(agentDir, use));
	return text === null ? null : (recordSchema.safeParse(parseJson(text)).data?.nft ?? null);
}

/** Tables that couldn't be removed. `commands` remove them when root runs them in a shell. */
export class KernelTablesLeftError extends Error {
	readonly commands: readonly string[];
	constructor(left: readonly { reason: string; command: string }[]) {
		super(left.map(({ reason }) => reason).join("; "));
		this.name = "KernelTablesLeftError";
		this.commands = left.map(({ command }) => command);
	}
}

/**
 * Removes the tables of an agent that is gone for good, and nothing else; connections that they forwarded end.
 * Returns how many there were. Throws KernelTablesLeftError if some remain.
 */
export async function removeKernelTables(agentDir: string): Promise<number> {
	let count = 0;
	const left: { reason: string; command: string }[] = [];
	for (const use of ["gateway", "cluster-bus"] as const) {
		const path = recordPath(agentDir, use);
		const text = await readFileIfExists(path);
		if (text === null) continue;
		const record = recordSchema.safeParse(parseJson(text)).data;
		const reason =
			record === undefined
				? // The table may still exist, but only the record named the program that removes it.
					`${path} is damaged`
				: await removeTable(record).then(
						() => null,
						(error: unknown) => (error instanceof Error ? error.message : String(error)).trim(),
					);
		if (reason === null) {
			await rm(path);
			count++;
			continue;
		}
		const program = record === undefined ? "nft" : quoted(record.nft);
		const table = record?.table ?? kernelTableName(agentDir, use);
		left.push({ reason, command: `${program} delete table ip ${table}; rm ${quoted(path)}` });
	}
	if (left.length > 0) throw new KernelTablesLeftError(left);
	return count;
}

async function removeTable({ table, nft }: z.output<typeof recordSchema>): Promise<void> {
	// Adding it first makes the removal succeed whether or not it exists.
	const commands = `add table ip ${table}; delete table ip ${table}`;
	await promisify(execFile)(nft, [commands], { timeout: REMOVE_TIMEOUT_MS });
}

/** One word for a shell. */
function quoted(text: string): string {
	return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function recordPath(agentDir: string, use: KernelTableUse): string {
	return use === "gateway"
		? join(agentDir, "gateway", "kernel-table.json")
		: join(agentDir, "cluster-bus-table.json");
}
