import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { readFileIfExists, writeFileAtomic } from "./atomic-file.ts";

const REMOVE_TIMEOUT_MS = 5_000;

/** What the rules of a table are for. */
export type KernelTableUse = "gateway" | "cluster-bus";

/** Where an agent remembers each table that it has made. */
const RECORDS: Readonly<Record<KernelTableUse, readonly string[]>> = {
	gateway: ["gateway", "kernel-table.json"],
	"cluster-bus": ["cluster-bus-table.json"],
};

/** Which table an agent owns in the kernel, and the program that made it. */
const recordSchema = z.object({
	format: z.literal(1),
	table: z.string().regex(/^larder_[0-9a-f]{16}$/),
	nft: z.string(),
});

/** Remembers the table for removeKernelTables, before it is made. */
export async function rememberKernelTable(
	agentDir: string,
	use: KernelTableUse,
	table: string,
	nft: string,
): Promise<void> {
	await writeFileAtomic(join(agentDir, ...RECORDS[use]), JSON.stringify({ format: 1, table, nft }));
}

/**
 * Removes the tables of an agent that is gone for good, and nothing else; connections that it forwarded end.
 * Returns how many there were. Throws with the command that removes one that can't be.
 */
export async function removeKernelTables(agentDir: string): Promise<number> {
	let count = 0;
	for (const path of Object.values(RECORDS).map((parts) => join(agentDir, ...parts))) {
		const text = await readFileIfExists(path);
		if (text === null) continue;
		await removeTable(recordSchema.parse(JSON.parse(text)));
		await rm(path);
		count++;
	}
	return count;
}

async function removeTable({ table, nft }: z.output<typeof recordSchema>): Promise<void> {
	try {
		// Adding it first makes the removal succeed whether or not it exists.
		const commands = `add table ip ${table}; delete table ip ${table}`;
		await promisify(execFile)(nft, [commands], { timeout: REMOVE_TIMEOUT_MS });
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		throw new Error(`nft delete table ip ${table}: ${why}`);
	}
}
