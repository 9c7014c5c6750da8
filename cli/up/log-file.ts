import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { boundLog } from "../../platform/bounded-log.ts";

const ROTATE_AT_BYTES = 10 * 1024 ** 2;
const LOOK_EVERY_MS = 5_000;
const TAIL_BYTES = 4_096;

/** A descriptor to append to. */
export function openLog(path: string): number {
	return openSync(path, "a", 0o600);
}

/**
 * Bounds a log that a program writes to, with one copy of what came before. Returns a function that stops doing so.
 */
export function keepLogBounded(path: string): () => void {
	const limits = { maxBytes: ROTATE_AT_BYTES, keep: true };
	void boundLog(path, limits);
	const timer = setInterval(() => void boundLog(path, limits), LOOK_EVERY_MS);
	timer.unref();
	return () => clearInterval(timer);
}

/** How long the log is now; 0 if there is none. */
export function logLength(path: string): number {
	return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The last lines after `fromByte`, to show why a program ended. Empty if there is no log. */
export function readLogTail(path: string, lines: number, fromByte = 0): string {
	let fd: number;
	try {
		fd = openSync(path, "r");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
		throw error;
	}
	try {
		const size = fstatSync(fd).size;
		// A log that is shorter than that has been started anew.
		const written = size < fromByte ? size : size - fromByte;
		const buffer = Buffer.alloc(Math.min(written, TAIL_BYTES));
		readSync(fd, buffer, 0, buffer.length, size - buffer.length);
		return buffer.toString("utf8").trimEnd().split("\n").slice(-lines).join("\n");
	} finally {
		closeSync(fd);
	}
}
