import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";

/**
 * Replaces a file so that a reader finds the old content or the new, never a part, even after a crash at any line.
 * `mode` sets the file's permissions; secrets need 0o600, which is the default.
 */
export async function writeFileAtomic(
	path: string,
	content: string | Uint8Array,
	options: { mode?: number; sync?: boolean } = {},
): Promise<void> {
	const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
	try {
		const file = await open(temporary, "wx", options.mode ?? 0o600);
		try {
			await file.writeFile(content);
			if (options.sync) await file.sync();
		} finally {
			await file.close();
		}
		await rename(temporary, path);
	} catch (error) {
		await rm(temporary, { force: true });
		throw error;
	}
}

/** The file's text, or null where there is none. */
export async function readFileIfExists(path: string): Promise<string | null> {
	try {
		return await readFile(path, "utf8");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
		throw error;
	}
}
