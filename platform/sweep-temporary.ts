import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** How writeFileAtomic and others name unfinished files. */
const UNFINISHED = /\.[0-9a-f]{12}\.tmp$/;

/**
 * Removes what atomic writes left in a directory when their process died. Only for a directory with one writer: it would
 * remove the unfinished files of others.
 */
export async function sweepTemporary(directory: string, alsoUnfinished?: RegExp): Promise<void> {
	const names = await readdir(directory).catch(() => []);
	const left = names.filter((name) => UNFINISHED.test(name) || alsoUnfinished?.test(name) === true);
	await Promise.all(left.map((name) => rm(join(directory, name), { force: true })));
}
