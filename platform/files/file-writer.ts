import type { FileHandle } from "node:fs/promises";

const BATCH_BYTES = 1024 ** 2;
/** What arrives slowly is written as soon as nothing follows for so long. */
const LINGER_MS = 50;

/** Writes chunks into a file in large pieces: a system call for each chunk of a connection would cost more than its bytes. */
export class FileWriter {
	private readonly file: FileHandle;
	private readonly onWritten: (position: number) => void;
	private batch: Uint8Array[] = [];
	private waiting = 0;
	private written: number;
	private writing: Promise<void> = Promise.resolve();
	private timer: NodeJS.Timeout | null = null;
	private end: number;

	/** From `position` on; `onWritten` hears how far the file is complete. */
	constructor(file: FileHandle, position: number, onWritten: (position: number) => void) {
		this.file = file;
		this.written = position;
		this.end = position;
		this.onWritten = onWritten;
	}

	/** The end of what was added. */
	get position(): number {
		return this.end;
	}

	async add(chunk: Uint8Array): Promise<void> {
		this.batch.push(chunk);
		this.waiting += chunk.length;
		this.end += chunk.length;
		if (this.waiting >= BATCH_BYTES) return await this.settle();
		this.timer ??= setTimeout(() => {
			// The next call says why it failed.
			this.settle().catch(() => undefined);
		}, LINGER_MS);
	}

	/** Returns once all that was added is written. Call it at the end. */
	async settle(): Promise<void> {
		if (this.timer !== null) clearTimeout(this.timer);
		this.timer = null;
		this.writing = this.writing.then(() => this.writeOut());
		await this.writing;
	}

	private async writeOut(): Promise<void> {
		const { batch, waiting } = this;
		if (waiting === 0) return;
		this.batch = [];
		this.waiting = 0;
		const { bytesWritten } = await this.file.writev(batch, this.written);
		this.written += bytesWritten;
		if (bytesWritten < waiting) await this.writeRest(Buffer.concat(batch).subarray(bytesWritten));
		this.onWritten(this.written);
	}

	private async writeRest(rest: Buffer): Promise<void> {
		for (let done = 0; done < rest.length; ) {
			const left = rest.length - done;
			const { bytesWritten } = await this.file.write(rest, done, left, this.written);
			done += bytesWritten;
			this.written += bytesWritten;
		}
	}
}
