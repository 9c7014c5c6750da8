import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { readFileIfExists, writeFileAtomic } from "./atomic-file.ts";

const REMOVE_TIMEOUT_MS = 5_000;

/** Which table of the kernel's forwarding rules an agent owns, and the program that made it. */
const recordSchema = z.object({
	format: z.literal(1),
	table: z.string().regex(/^larder_[0-9a-f]{16}$/),
	nft: z.string(),
});

/** Remembers the table for removeKernelTable, before it is made. */
export async function rememberKernelTable(
	agentDir: string,
	table: string,
	nft: string,
): Promise<void> {
	await writeFileAtomic(recordPath(agentDir), JSON.stringify({ format: 1, table, nft }));
}

/**
 * Removes the table of an agent that is gone for good, and nothing else; connections that it forwarded end.
 * Returns whether there was one. Throws with the command that removes it.
 */
export async function removeKernelTable(agentDir: string): Promise<boolean> {
	const text = await readFileIfExists(recordPath(agentDir));
	if (text === null) return false;
	const { table, nft } = recordSchema.parse(JSON.parse(text));
	try {
		// Adding it first makes the removal succeed whether or not it exists.
		const commands = `add table ip ${table}; delete table ip ${table}`;
		await promisify(execFile)(nft, [commands], { timeout: REMOVE_TIMEOUT_MS });
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		throw new Error(`nft delete table ip ${table}: ${why}`);
	}
	await rm(recordPath(agentDir));
	return true;
}

function recordPath(agentDir: string): string {
	return join(agentDir, "gateway", "kernel-table.json");
}
