import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { GrowingFile } from "./growing-file.ts";
import { answerOf, startThread } from "./thread.ts";

export interface HashTask {
	readonly path: string;
	/** Of a GrowingFile; null for a file that is complete. */
	readonly shared: SharedArrayBuffer | null;
}

/** For less, a thread costs more than it saves. */
const THREAD_FROM_BYTES = 8 * 1024 ** 2;
const CHUNK_BYTES = 1024 ** 2;

/** The SHA-256 of a file of `bytes`, in lower-case hexadecimal. A large one is read in a thread. */
export async function hashFile(path: string, bytes: number, signal: AbortSignal): Promise<string> {
	signal.throwIfAborted();
	if (bytes >= THREAD_FROM_BYTES) return await inThread({ path, shared: null }, signal);
	const hash = createHash("sha256");
	for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES, signal })) {
		hash.update(chunk);
	}
	return hash.digest("hex");
}

/**
 * The SHA-256 of a file while it is being written, from its beginning on. A large file is hashed in a thread, which reads
 * what has been written out of the page cache, so that the writer's event loop stays free.
 */
export class FileHash {
	private readonly path: string;
	private readonly growing = new GrowingFile();
	private readonly ended = new AbortController();
	private thread: Promise<string> | null = null;

	constructor(path: string) {
		this.path = path;
	}

	/** So many bytes from the beginning are written. */
	grow(bytes: number): void {
		this.growing.grow(bytes);
		if (bytes < THREAD_FROM_BYTES || this.thread !== null) return;
		this.thread = inThread({ path: this.path, shared: this.growing.shared }, this.ended.signal);
		// It may fail before anybody asks for the result.
		this.thread.catch(() => undefined);
	}

	/** The result, of a file with so many bytes. */
	async digest(bytes: number): Promise<string> {
		this.growing.finish(bytes);
		return await (this.thread ?? hashFile(this.path, bytes, this.ended.signal));
	}

	/** Call it when the file is no longer needed, with or without a result. */
	close(): void {
		this.ended.abort(new Error("the file is no longer written"));
	}
}

async function inThread(task: HashTask, signal: AbortSignal): Promise<string> {
	return String(await answerOf(startThread("hash-worker", "files", task), signal));
}
