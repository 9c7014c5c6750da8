import { createHash } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import type { HashTask } from "./file-hash.ts";
import { type BlockingRead, followFile, readFileFrom } from "./growing-file.ts";
import { yieldToOthers } from "./thread.ts";

const BUFFER_BYTES = 1024 ** 2;

function hashOf(read: BlockingRead): string {
	const hash = createHash("sha256");
	const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
	for (;;) {
		const length = read(buffer, 0, BUFFER_BYTES);
		if (length === 0) return hash.digest("hex");
		hash.update(buffer.subarray(0, length));
	}
}

yieldToOthers();
const { path, shared } = workerData as HashTask;
const fd = openSync(path, "r");
try {
	parentPort?.postMessage(hashOf(shared === null ? readFileFrom(fd) : followFile(fd, shared)));
} finally {
	closeSync(fd);
}
