import { constants } from "node:fs";
import { copyFile, rename, rm, stat, truncate } from "node:fs/promises";

/**
 * Empties a log that has outgrown its bound, after copying it to `<path>.1` if `keep` says so and it is at most twice
 * as large. The writer keeps using the same file, so it must append. Lines written during the copy may be lost. Never
 * fails: without room for the copy, it empties the log all the same. Returns whether it emptied the log.
 */
export async function boundLog(
	path: string,
	{ maxBytes, keep }: { maxBytes: number; keep: boolean },
): Promise<boolean> {
	const found = await stat(path).catch(() => null);
	if (found === null || found.size <= maxBytes) return false;
	if (keep) await keepCopy(path, found.size <= 2 * maxBytes);
	return await truncate(path, 0).then(
		() => true,
		() => false,
	);
}

/** A log that has grown far beyond its bound unnoticed isn't worth a copy. */
async function keepCopy(path: string, isWorthIt: boolean): Promise<void> {
	const unfinished = `${path}.1.tmp`;
	try {
		if (!isWorthIt) return await rm(`${path}.1`, { force: true });
		await copyFile(path, unfinished, constants.COPYFILE_FICLONE);
		await rename(unfinished, `${path}.1`);
	} catch {
		await rm(unfinished, { force: true }).catch(() => {});
	}
}
