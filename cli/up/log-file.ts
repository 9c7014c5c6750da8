import { closeSync, fstatSync, openSync, readSync, renameSync } from "node:fs";

const ROTATE_AT_BYTES = 10 * 1024 ** 2;
const TAIL_BYTES = 4_096;

/** A descriptor to append to. A log that has grown large is set aside as `.1`, replacing the one before. */
export function openLog(path: string): number {
	const fd = openSync(path, "a", 0o600);
	if (fstatSync(fd).size < ROTATE_AT_BYTES) return fd;
	closeSync(fd);
	renameSync(path, `${path}.1`);
	return openSync(path, "a", 0o600);
}

/** The last lines, to show why a program ended. Empty when there is no log. */
export function readLogTail(path: string, lines: number): string {
	let fd: number;
	try {
		fd = openSync(path, "r");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
		throw error;
	}
	try {
		const size = fstatSync(fd).size;
		const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
		readSync(fd, buffer, 0, buffer.length, size - buffer.length);
		return buffer.toString("utf8").trimEnd().split("\n").slice(-lines).join("\n");
	} finally {
		closeSync(fd);
	}
}
