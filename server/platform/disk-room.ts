import { statfsSync } from "node:fs";

/** With less than this, the next change of the database may not fit. */
const ROOM_BYTES = 4 * 1024 ** 2;

/**
 * Whether the disk of a directory has almost no room left for this user. False if that can't be determined.
 */
export function isDiskFull(directory: string): boolean {
	try {
		const { bavail, bsize } = statfsSync(directory);
		return bavail * bsize < ROOM_BYTES;
	} catch {
		return false;
	}
}

/** Whether something failed because a disk, or a user's quota, is full, however the error was wrapped. */
export function saysDiskFull(error: unknown): boolean {
	for (let cause = error; cause instanceof Error; cause = cause.cause) {
		const { code } = cause as NodeJS.ErrnoException;
		if (code === "ENOSPC" || code === "EDQUOT") return true;
		// PostgreSQL's messages, embedded or not; its code (53100) is lost in some layers.
		if (/No space left on device|could not extend file|Disk quota exceeded/.test(cause.message))
			return true;
	}
	return false;
}
