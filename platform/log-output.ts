import { writeSync } from "node:fs";

/** A full disk stays full for a while: trying each line would only cost time. */
const RETRY_MS = 1_000;
const BUSY_TRIES = 50;
const BUSY_WAIT_MS = 2;

/**
 * Where log lines go: a descriptor, and nothing else. A line that can't be written is dropped and counted; the program
 * that logs never notices. The first line that finds room again says how many are missing.
 */
export class LogOutput {
	private readonly descriptor: number;
	private dropped = 0;
	private retryAt = Number.NEGATIVE_INFINITY;

	constructor(descriptor: number) {
		this.descriptor = descriptor;
	}

	/** How many lines have been dropped since the last one that was written. */
	get missing(): number {
		return this.dropped;
	}

	write(line: string): void {
		if (this.dropped > 0 && performance.now() < this.retryAt) {
			this.dropped += 1;
			return;
		}
		const text = this.dropped === 0 ? line : `\n${this.droppedNote()}\n${line}`;
		if (this.tryWrite(Buffer.from(text))) {
			this.dropped = 0;
			return;
		}
		this.dropped += 1;
		this.retryAt = performance.now() + RETRY_MS;
	}

	/** Returns whether it wrote all bytes. */
	private tryWrite(bytes: Buffer): boolean {
		let written = 0;
		for (let busy = 0; busy < BUSY_TRIES; ) {
			try {
				const count = writeSync(this.descriptor, bytes, written);
				written += count;
				if (written === bytes.length) return true;
				if (count === 0) return false;
			} catch (error) {
				// EAGAIN: a pipe's reader is slow. Any other cause, such as a full disk or a closed terminal, lasts.
				if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return false;
				busy += 1;
				Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_WAIT_MS);
			}
		}
		return false;
	}

	private droppedNote(): string {
		const msg = `${this.dropped} log lines before this one could not be written`;
		return JSON.stringify({ level: 40, time: Date.now(), msg });
	}
}
