import { runTask } from "./rdb-tasks.ts";
import type { RdbContent } from "./walk-rdb.ts";

/** How many pieces may wait for the engine. */
const PIECES_AHEAD = 8;
const [WRITTEN, WHOLE, AHEAD] = [0, 1, 2] as const;
const FIELDS = 3;

/** What the thread that translates a file and the one that writes it tell each other. */
export class StreamProgress {
	readonly shared: SharedArrayBuffer;
	private readonly fields: BigInt64Array;

	constructor(shared = new SharedArrayBuffer(FIELDS * BigInt64Array.BYTES_PER_ELEMENT)) {
		this.shared = shared;
		this.fields = new BigInt64Array(shared);
	}

	/** The file has so many bytes now. */
	setWritten(bytes: number): void {
		this.set(WRITTEN, BigInt(bytes));
	}

	/** The file doesn't grow any more. */
	setWhole(): void {
		this.set(WHOLE, 1n);
		Atomics.notify(this.fields, WRITTEN);
	}

	/** A piece has been passed on. */
	release(): void {
		Atomics.sub(this.fields, AHEAD, 1n);
		Atomics.notify(this.fields, AHEAD);
	}

	/** Blocks until the file is longer; false if it is whole. */
	awaitBytes(position: number): boolean {
		for (;;) {
			const written = Atomics.load(this.fields, WRITTEN);
			if (written > BigInt(position)) return true;
			if (Atomics.load(this.fields, WHOLE) === 1n) {
				return Atomics.load(this.fields, WRITTEN) > BigInt(position);
			}
			// The end may have come just before: then nothing would wake it.
			Atomics.wait(this.fields, WRITTEN, written, 100);
		}
	}

	/** Blocks while many pieces wait. */
	awaitTurn(): void {
		for (;;) {
			const ahead = Atomics.load(this.fields, AHEAD);
			if (ahead < BigInt(PIECES_AHEAD)) break;
			Atomics.wait(this.fields, AHEAD, ahead);
		}
		Atomics.add(this.fields, AHEAD, 1n);
	}

	private set(field: number, value: bigint): void {
		Atomics.store(this.fields, field, value);
		Atomics.notify(this.fields, field);
	}
}

export interface StreamOptions {
	readonly path: string;
	/** Which slots' keys are wanted, by slot; null for all. */
	readonly slots: Uint8Array | null;
	readonly libraries: boolean;
	readonly progress: StreamProgress;
	/** Passes on some commands. The next ones wait until it has resolved. */
	readonly pass: (piece: Uint8Array, commands: number, keys: number) => Promise<void>;
}

/**
 * `translateRdb` in a thread of its own, while the file is still being written: the writer calls `setWritten` and `setWhole`.
 * Returns once everything has been passed on.
 */
export async function streamRdb(options: StreamOptions, signal: AbortSignal): Promise<RdbContent> {
	const { path, slots, libraries, progress, pass } = options;
	const failed = new AbortController();
	const both = AbortSignal.any([signal, failed.signal]);
	let passing = Promise.resolve();
	const task = { kind: "stream", path, slots, libraries, progress: progress.shared } as const;
	const answer = await runTask(task, both, ({ piece, commands, keys }) => {
		passing = passing
			.then(() => pass(piece, commands, keys))
			.then(() => progress.release())
			.catch((error: unknown) => failed.abort(error));
	});
	await passing;
	both.throwIfAborted();
	if (!("content" in answer)) throw new Error("the thread answered another question");
	return answer.content;
}
