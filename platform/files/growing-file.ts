import { readSync } from "node:fs";

/** Reads the next bytes into the buffer. Returns how many; 0 at the end. */
export type BlockingRead = (buffer: Buffer, at: number, length: number) => number;

/** Twice the length of what can be read, plus one once the file is complete. */
const CELL = 0;

/** How much of a file that is still being written another thread may read. */
export class GrowingFile {
	/** For the other thread. */
	readonly shared = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
	private readonly cell = new BigInt64Array(this.shared);

	/** So many bytes from the beginning are written. */
	grow(bytes: number): void {
		this.set(BigInt(bytes) * 2n);
	}

	/** The file has so many bytes, and no more will follow. */
	finish(bytes: number): void {
		this.set(BigInt(bytes) * 2n + 1n);
	}

	private set(value: bigint): void {
		Atomics.store(this.cell, CELL, value);
		Atomics.notify(this.cell, CELL);
	}
}

/** Reads a growing file from its beginning, and waits where it isn't written yet. Only for a thread that may block. */
export function followFile(fd: number, shared: SharedArrayBuffer): BlockingRead {
	const cell = new BigInt64Array(shared);
	let position = 0;
	return (buffer, at, length) => {
		for (;;) {
			const value = Atomics.load(cell, CELL);
			const written = Number(value / 2n);
			if (position < written) {
				const read = readSync(fd, buffer, at, Math.min(length, written - position), position);
				if (read === 0) throw new Error("the file became shorter while it was read");
				position += read;
				return read;
			}
			if (value % 2n === 1n) return 0;
			Atomics.wait(cell, CELL, value);
		}
	};
}

/**
 * Reads a file from its beginning. `awaitMore` waits until a file that is still being written is longer than a position, and
 * says whether it is; null for a file that is complete.
 */
export function readFileFrom(
	fd: number,
	awaitMore: ((position: number) => boolean) | null = null,
): BlockingRead {
	let position = 0;
	return (buffer, at, length) => {
		for (;;) {
			const read = readSync(fd, buffer, at, length, null);
			position += read;
			if (read > 0 || awaitMore?.(position) !== true) return read;
		}
	};
}
