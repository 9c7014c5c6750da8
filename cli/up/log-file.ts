import { closeSync, fstatSync, openSync, readSync } from "node:fs";
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

/** The last lines, to show why a program ended. Empty if there is no log. */
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
