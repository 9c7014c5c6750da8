import type { FileHandle } from "node:fs/promises";
import type { GrowingFile } from "../../platform/files/growing-file.ts";

export type Progress = (bytes: number) => void | Promise<void>;

/** How an engine ends its data. */
export interface Ending {
	/** What follows the data; null if its size is known instead. */
	readonly mark: Buffer | null;
	readonly size: number;
}

/** How much may wait to go to the disk before it is pushed there: otherwise all of it would at the end. */
const PUSH_BYTES = 32 * 1024 ** 2;

/** Where an engine's data goes as it arrives. What marks its end arrives with it, and is cut off afterward. */
export class RdbFile {
	private readonly file: FileHandle;
	private readonly growing: GrowingFile;
	private ending: Ending = { mark: null, size: 0 };
	private written = 0;
	private pushed = 0;
	private pushing: Promise<void> | null = null;
	private failure: unknown = null;
	/** As many of the newest bytes as the mark has. */
	private tail: Buffer = Buffer.alloc(0);

	constructor(file: FileHandle, growing: GrowingFile) {
		this.file = file;
		this.growing = growing;
	}

	/** Call it before anything arrives. */
	begin(ending: Ending): void {
		this.ending = ending;
	}

	/** Writes what has arrived. True if that was the end. */
	async add(pieces: readonly Buffer[], onProgress: Progress): Promise<boolean> {
		for (const piece of pieces) {
			for (let done = 0; done < piece.length; ) {
				const left = piece.length - done;
				const { bytesWritten } = await this.file.write(piece, done, left, this.written);
				done += bytesWritten;
				this.written += bytesWritten;
			}
			this.note(piece);
		}
		const certain = Math.max(0, this.written - this.markBytes);
		// What may be the mark isn't data yet.
		this.growing.grow(certain);
		this.push();
		this.requireIntact();
		await onProgress(certain);
		const { mark, size } = this.ending;
		return mark === null ? this.written >= size : this.tail.equals(mark);
	}

	/** Returns how many bytes of data the file has. */
	async finish(): Promise<number> {
		const bytes = this.written - this.markBytes;
		if (this.ending.mark !== null) await this.file.truncate(bytes);
		this.growing.finish(bytes);
		await this.pushing;
		this.requireIntact();
		return bytes;
	}

	/** Keeps the newest bytes. */
	private note(piece: Buffer): void {
		const { markBytes } = this;
		if (markBytes === 0) return;
		const newest = piece.length < markBytes ? Buffer.concat([this.tail, piece]) : piece;
		this.tail = Buffer.from(newest.subarray(-markBytes));
	}

	private get markBytes(): number {
		return this.ending.mark?.length ?? 0;
	}

	private requireIntact(): void {
		if (this.failure !== null) throw this.failure;
	}

	/** Lets the disk begin with what has been written, beside what goes on. */
	private push(): void {
		if (this.pushing !== null || this.written - this.pushed < PUSH_BYTES) return;
		this.pushed = this.written;
		this.pushing = this.file
			.datasync()
			// The kernel says it once only.
			.catch((error: unknown) => {
				this.failure = error;
			})
			.finally(() => {
				this.pushing = null;
			});
	}
}
