import { link, rm, stat } from "node:fs/promises";

/**
 * Links a file of this machine under another name. False if that can't be: other file systems, users and containers aren't
 * near enough.
 */
export async function linkNear(from: string, to: string): Promise<boolean> {
	try {
		await link(from, to);
		return true;
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		// An earlier attempt may have come as far.
		return code === "EEXIST" && (await isSameFile(from, to));
	}
}

/** Removes a link that was made with `linkNear`, unless it has become another file. */
export async function unlinkNear(from: string, to: string): Promise<void> {
	if (await isSameFile(from, to)) await rm(to, { force: true });
}

async function isSameFile(a: string, b: string): Promise<boolean> {
	const [one, other] = await Promise.all([a, b].map((path) => stat(path).catch(() => null)));
	return one != null && other != null && one.ino === other.ino && one.dev === other.dev;
}
