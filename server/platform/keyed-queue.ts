/**
 * Runs `work(key)` for requested keys: never twice at once for one key, at most `concurrency` at once in
 * total. Urgent keys overtake the others, and the last free place is for them alone, so that they don't wait
 * for slow work either. A key requested while it runs is run again afterwards. `onError` handles failures; it
 * may request the key again.
 */
export class KeyedQueue {
	readonly #work: (key: string) => Promise<void>;
	readonly #onError: (key: string, error: unknown) => void;
	readonly #concurrency: number;
	readonly #urgent = new Set<string>();
	readonly #waiting = new Set<string>();
	readonly #running = new Map<string, Promise<void>>();
	readonly #timers = new Map<string, NodeJS.Timeout>();
	#stopped = false;

	/** `concurrency` must be at least 2. */
	constructor(options: {
		work: (key: string) => Promise<void>;
		onError: (key: string, error: unknown) => void;
		concurrency: number;
	}) {
		this.#work = options.work;
		this.#onError = options.onError;
		this.#concurrency = options.concurrency;
	}

	add(key: string): void {
		if (this.#stopped || this.#urgent.has(key)) return;
		this.#waiting.add(key);
		this.#pump();
	}

	addUrgent(key: string): void {
		if (this.#stopped) return;
		this.#waiting.delete(key);
		this.#urgent.add(key);
		this.#pump();
	}

	/** Like `add`, later; an earlier timer for the same key stays. */
	addAfter(key: string, delayMs: number): void {
		if (this.#stopped || this.#timers.has(key)) return;
		this.#timers.set(
			key,
			setTimeout(() => {
				this.#timers.delete(key);
				this.add(key);
			}, delayMs),
		);
	}

	/** Lets running work finish and starts nothing more. */
	async stop(): Promise<void> {
		this.#stopped = true;
		this.#urgent.clear();
		this.#waiting.clear();
		for (const timer of this.#timers.values()) clearTimeout(timer);
		this.#timers.clear();
		await Promise.all(this.#running.values());
	}

	#pump(): void {
		this.#startFrom(this.#urgent, this.#concurrency);
		this.#startFrom(this.#waiting, this.#concurrency - 1);
	}

	#startFrom(keys: Set<string>, concurrency: number): void {
		for (const key of keys) {
			if (this.#running.size >= concurrency) return;
			if (this.#running.has(key)) continue;
			keys.delete(key);
			const run = this.#work(key)
				.catch((error: unknown) => this.#onError(key, error))
				.finally(() => {
					this.#running.delete(key);
					this.#pump();
				});
			this.#running.set(key, run);
		}
	}
}
