/**
 * Runs `work(key)` for keys that were asked for: never twice at once for one key, at most `concurrency` at once in all.
 * A key asked for while it runs is run again afterwards. Failures are the caller's `onError`'s to handle; it may ask again.
 */
export class KeyedQueue {
	readonly #work: (key: string) => Promise<void>;
	readonly #onError: (key: string, error: unknown) => void;
	readonly #concurrency: number;
	readonly #waiting = new Set<string>();
	readonly #running = new Map<string, Promise<void>>();
	readonly #timers = new Map<string, NodeJS.Timeout>();
	#stopped = false;

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
		if (this.#stopped) return;
		this.#waiting.add(key);
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

	/** Lets what runs finish and starts nothing more. */
	async stop(): Promise<void> {
		this.#stopped = true;
		this.#waiting.clear();
		for (const timer of this.#timers.values()) clearTimeout(timer);
		this.#timers.clear();
		await Promise.all(this.#running.values());
	}

	#pump(): void {
		for (const key of this.#waiting) {
			if (this.#running.size >= this.#concurrency) return;
			if (this.#running.has(key)) continue;
			this.#waiting.delete(key);
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
