import { SharedRun } from "./shared-run.ts";

/** Too much waits to be written already. */
export class BusyWriterError extends Error {
	override readonly name = "BusyWriterError";
}

interface Entry<Item> {
	readonly items: readonly Item[];
	readonly resolve: () => void;
	readonly reject: (error: unknown) => void;
}

interface BatchOptions {
	/** Items of several callers are written together up to this number. */
	readonly batch: number;
	/** With more items waiting, further ones are refused: memory and waiting times stay bounded. */
	readonly waitingMax: number;
	/** From the beginning of one round of writes to that of the next, at least. */
	readonly intervalMs?: number;
}

/**
 * Writes one batch at a time: what callers bring meanwhile waits, and goes together in the next one. A batch that fails is
 * divided until the caller is found whose items can't be written, so that the others' are. If both halves fail, it is
 * nobody's fault, and all callers get the error.
 */
export class BatchWriter<Item> {
	readonly #store: (items: readonly Item[]) => Promise<void>;
	readonly #options: BatchOptions;
	readonly #writing: SharedRun;
	#entries: Entry<Item>[] = [];
	#waiting = 0;

	constructor(store: (items: readonly Item[]) => Promise<void>, options: BatchOptions) {
		this.#store = store;
		this.#options = options;
		this.#writing = new SharedRun(() => this.#writeAll(), { intervalMs: options.intervalMs ?? 0 });
	}

	/** Returns once all items are stored. */
	async write(items: readonly Item[]): Promise<void> {
		const { waitingMax } = this.#options;
		if (this.#waiting > 0 && this.#waiting + items.length > waitingMax) {
			throw new BusyWriterError(`More than ${waitingMax} items wait to be written.`);
		}
		this.#waiting += items.length;
		try {
			await new Promise<void>((resolve, reject) => {
				this.#entries.push({ items, resolve, reject });
				void this.#writing.run();
			});
		} finally {
			this.#waiting -= items.length;
		}
	}

	/** Doesn't fail: callers learn what became of their items. */
	async #writeAll(): Promise<void> {
		const entries = this.#entries;
		this.#entries = [];
		while (entries.length > 0) {
			let count = 0;
			let size = 0;
			for (const { items } of entries) {
				size += items.length;
				if (count > 0 && size > this.#options.batch) break;
				count++;
			}
			const batch = entries.splice(0, count);
			const failure = await this.#tryAll(batch);
			if (failure !== null) await this.#divide(batch, failure.error);
		}
	}

	async #divide(entries: readonly Entry<Item>[], error: unknown): Promise<void> {
		if (entries.length <= 1) {
			for (const { reject } of entries) reject(error);
			return;
		}
		const middle = Math.ceil(entries.length / 2);
		const halves = [entries.slice(0, middle), entries.slice(middle)];
		const failures: { half: readonly Entry<Item>[]; error: unknown }[] = [];
		for (const half of halves) {
			const failure = await this.#tryAll(half);
			if (failure !== null) failures.push({ half, error: failure.error });
		}
		for (const failed of failures) {
			if (failures.length === 1) await this.#divide(failed.half, failed.error);
			else for (const { reject } of failed.half) reject(failed.error);
		}
	}

	async #tryAll(entries: readonly Entry<Item>[]): Promise<{ error: unknown } | null> {
		try {
			await this.#store(entries.flatMap(({ items }) => items));
		} catch (error) {
			return { error };
		}
		for (const { resolve } of entries) resolve();
		return null;
	}
}
