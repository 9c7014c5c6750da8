import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Characters with a meaning in a shell, a URL, or one of the files that Larder writes for other programs. */
const UGLY = ` ,'"#1é$x%[a]`;

/** A new directory whose path no program may split. The path is short enough for the sockets in it. */
export function makeUglyDirectory(name: string): string {
	return mkdtempSync(join(tmpdir(), `${name}${UGLY}-`));
}

/** Programs that were killed a moment ago may still write there. */
export async function removeDirectory(directory: string): Promise<void> {
	await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
