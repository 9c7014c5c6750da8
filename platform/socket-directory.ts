import { createHash } from "node:crypto";
import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { plainTemporaryDirectory } from "./plain-temporary-directory.ts";

const SOCKET_PATH_MAX_BYTES = 107;

/** Another user could reach sockets made there. The message names the directory and the remedy. */
export class SocketDirectoryError extends Error {
	constructor(message: string) {
		super(message);
		this.name = "SocketDirectoryError";
	}
}

/**
 * Where sockets that belong to `directory` go. Their paths can have at most 107 bytes, so a directory with a long path
 * gets one of its own, always the same, in the system's directory for temporary files. Throws SocketDirectoryError.
 */
export async function openSocketDirectory(directory: string, longestName: string): Promise<string> {
	const longest = Buffer.byteLength(join(directory, longestName));
	if (longest <= SOCKET_PATH_MAX_BYTES) return directory;
	const name = createHash("sha256").update(directory).digest("hex").slice(0, 16);
	const short = join(plainTemporaryDirectory(), `larder-${name}`);
	await mkdir(short, { recursive: true, mode: 0o700 });
	const { uid, mode } = await lstat(short);
	if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
		throw new SocketDirectoryError(
			`${short} belongs to another user, or other users can access it. Remove it, or set LARDER_HOME to a shorter path.`,
		);
	}
	return short;
}
