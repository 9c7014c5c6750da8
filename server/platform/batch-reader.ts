import { Places } from "./places.ts";

interface Wanted<Value> {
	readonly resolve: (value: Value) => void;
	readonly reject: (error: unknown) => void;
}

/**
 * Reads values by their keys, those that are asked for meanwhile together. At most `atOnce` reads of up to `batch` keys run
 * at a time. Values that a read of several keys fails to bring are read one by one, so that one key can't keep others
 * from being read. A value is read after it was asked for.
 */
export class BatchReader<Key, Value> {
	readonly #read: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>;
	readonly #batch: number;
	readonly #places: Places;
	readonly #wanted = new Map<Key, Wanted<Value>[]>();

	constructor(
		read: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>,
		{ atOnce, batch }: { atOnce: number; batch: number },
	) {
		this.#read = read;
		this.#batch = batch;
		this.#places = new Places(atOnce);
	}

	/** Throws what the read throws; an Error if it didn't bring the key. */
	read(key: Key): Promise<Value> {
		return new Promise((resolve, reject) => {
			const wanted = this.#wanted.get(key);
			if (wanted !== undefined) wanted.push({ resolve, reject });
			else {
				this.#wanted.set(key, [{ resolve, reject }]);
				// Others may have taken the key along by then.
				void this.#places.run(() => this.#readSome());
			}
		});
	}

	/** Doesn't fail: callers learn what became of their keys. */
	async #readSome(): Promise<void> {
		const taken = [...this.#wanted].slice(0, this.#batch);
		for (const [key] of taken) this.#wanted.delete(key);
		if (taken.length === 0) return;
		const left = await this.#tryRead(taken);
		for (const one of left) {
			const [again] = taken.length === 1 ? [one] : await this.#tryRead([one.entry]);
			for (const { reject } of again?.entry[1] ?? []) reject(again?.error);
		}
	}

	/** Returns those that failed, and why. */
	async #tryRead(taken: readonly [Key, Wanted<Value>[]][]) {
		const failed = (entry: [Key, Wanted<Value>[]], error: unknown) => ({ entry, error });
		try {
			const values = await this.#read(taken.map(([key]) => key));
			const missing = taken.filter(([key]) => !values.has(key));
			for (const [key, wanted] of taken) {
				const value = values.get(key);
				if (value !== undefined) for (const { resolve } of wanted) resolve(value);
			}
			return missing.map((entry) => failed(entry, new Error(`${String(entry[0])} doesn't exist`)));
		} catch (error) {
			return taken.map((entry) => failed(entry, error));
		}
	}
}
