/** With fewer keys waiting, a look at them before the work that they may need would only take longer. */
const SIFTED_FROM = 10;

/**
 * Runs `work(key)` for requested keys: never twice at the same time for one key, at most `concurrency` calls in
 * parallel. A key requested while it runs is run again afterward. `onError` handles failures; it may request the keys
 * again.
 *
 * Three kinds of requests, in order of priority:
 *
 *   addUrgent   when several wait, one call of `workTogether` takes up to `batch` of them
 *   addNext     alone; for keys of a batch that need work of their own
 *   add         alone; may not take the last two places, so that neither of the others waits for slow work. When many
 *               wait, one call of `sift` takes up to `batch` of them and returns those that need work
 */
export class KeyedQueue {
	readonly #work: (key: string) => Promise<void>;
	readonly #workTogether: (keys: readonly string[]) => Promise<void>;
	readonly #sift: (keys: readonly string[]) => Promise<readonly string[]>;
	readonly #onError: (keys: readonly string[], error: unknown) => void;
	readonly #concurrency: number;
	readonly #batch: number;
	readonly #batchesAtOnce: number;
	readonly #urgent = new Set<string>();
	readonly #next = new Set<string>();
	/** Of those added last, the ones that are known to need work. */
	readonly #sifted = new Set<string>();
	readonly #waiting = new Set<string>();
	/** The most urgent first. A key is in one of them at most. */
	readonly #kinds = [this.#urgent, this.#next, this.#sifted, this.#waiting];
	readonly #running = new Set<string>();
	readonly #runs = new Set<Promise<void>>();
	readonly #timers = new Map<string, NodeJS.Timeout>();
	/** How many calls of `workTogether` run. */
	#batching = 0;
	#sifting = false;
	#stopped = false;

	/** `concurrency` must be at least 3. */
	constructor(options: {
		work: (key: string) => Promise<void>;
		workTogether: (keys: readonly string[]) => Promise<void>;
		sift: (keys: readonly string[]) => Promise<readonly string[]>;
		onError: (keys: readonly string[], error: unknown) => void;
		concurrency: number;
		batch: number;
		/** Fewer than `concurrency`, so that places are left for the work that follows. */
		batchesAtOnce: number;
	}) {
		this.#work = options.work;
		this.#workTogether = options.workTogether;
		this.#sift = options.sift;
		this.#onError = options.onError;
		this.#concurrency = options.concurrency;
		this.#batch = options.batch;
		this.#batchesAtOnce = options.batchesAtOnce;
	}

	add(key: string): void {
		this.#request(key, this.#waiting);
	}

	addNext(key: string): void {
		this.#request(key, this.#next);
	}

	/** Those that are requested together are taken together. */
	addUrgent(keys: Iterable<string>): void {
		for (const key of keys) this.#take(key, this.#urgent);
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

	/** How many keys wait for a batch, or next after one. */
	get pressing(): number {
		return this.#urgent.size + this.#next.size;
	}

	/** How many keys wait for a later time. */
	get delayed(): number {
		return this.#timers.size;
	}

	/** Lets running work finish and starts nothing more. */
	async stop(): Promise<void> {
		this.#stopped = true;
		for (const keys of this.#kinds) keys.clear();
		for (const timer of this.#timers.values()) clearTimeout(timer);
		this.#timers.clear();
		await Promise.all(this.#runs);
	}

	#request(key: string, kind: Set<string>): void {
		this.#take(key, kind);
		this.#pump();
	}

	/** A key that is requested more urgently already stays as it is. */
	#take(key: string, kind: Set<string>): void {
		const rank = this.#kinds.indexOf(kind);
		if (this.#stopped || this.#kinds.slice(0, rank).some((keys) => keys.has(key))) return;
		for (const keys of this.#kinds.slice(rank + 1)) keys.delete(key);
		kind.add(key);
	}

	#pump(): void {
		this.#startUrgent();
		this.#startFrom(this.#next, this.#concurrency);
		this.#startSift();
		this.#startFrom(this.#sifted, this.#concurrency - 2);
		if (!this.#sifting) this.#startFrom(this.#waiting, this.#concurrency - 2);
	}

	#startSift(): void {
		if (this.#sifting || this.#runs.size >= this.#concurrency - 2) return;
		if (this.#waiting.size < SIFTED_FROM) return;
		const keys = [...this.#waiting].filter((key) => !this.#running.has(key)).slice(0, this.#batch);
		if (keys.length === 0) return;
		for (const key of keys) this.#waiting.delete(key);
		this.#sifting = true;
		this.#run(keys, async () => {
			try {
				// Unless someone has requested it more urgently meanwhile.
				for (const key of await this.#sift(keys)) this.#request(key, this.#sifted);
			} finally {
				this.#sifting = false;
			}
		});
	}

	#startUrgent(): void {
		while (this.#batching < this.#batchesAtOnce && this.#runs.size < this.#concurrency) {
			const keys: string[] = [];
			for (const key of this.#urgent) {
				if (!this.#running.has(key)) keys.push(key);
				if (keys.length === this.#batch) break;
			}
			if (keys.length === 0) return;
			for (const key of keys) this.#urgent.delete(key);
			if (keys.length > 1) this.#batching += 1;
			this.#start(keys);
		}
	}

	#startFrom(keys: Set<string>, concurrency: number): void {
		for (const key of keys) {
			if (this.#runs.size >= concurrency) return;
			if (this.#running.has(key)) continue;
			keys.delete(key);
			this.#start([key]);
		}
	}

	#start(keys: readonly string[]): void {
		const [first = "", ...others] = keys;
		this.#run(keys, async () => {
			if (others.length === 0) return await this.#work(first);
			try {
				await this.#workTogether(keys);
			} finally {
				this.#batching -= 1;
			}
		});
	}

	#run(keys: readonly string[], work: () => Promise<void>): void {
		for (const key of keys) this.#running.add(key);
		const run = work()
			.catch((error: unknown) => this.#onError(keys, error))
			.finally(() => {
				for (const key of keys) this.#running.delete(key);
				this.#runs.delete(run);
				this.#pump();
			});
		this.#runs.add(run);
	}
}
