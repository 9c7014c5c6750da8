import { AsyncLocalStorage } from "node:async_hooks";
import type { Store } from "larder-patterns";

/** What one operation of the application asks of the cache. Calls come when a command is sent: the engine carries them out in that order. */
export interface StoreCalls {
	onGet(): void;
	onSwap(): void;
	/** A swap that was sent at that time (performance.now) has changed something. */
	onSwapped(sentAt: number): void;
}

/** A store that says which operation of the application each command belongs to. */
export class WatchedStore implements Store {
	readonly #store: Store;
	readonly #current = new AsyncLocalStorage<StoreCalls>();

	constructor(store: Store) {
		this.#store = store;
	}

	/** Reports the commands of `operation`, and of what it leaves running. */
	watch<T>(calls: StoreCalls, operation: () => Promise<T>): Promise<T> {
		return this.#current.run(calls, operation);
	}

	get(key: string): Promise<string | null> {
		this.#current.getStore()?.onGet();
		return this.#store.get(key);
	}

	getMany(keys: readonly string[]): Promise<(string | null)[]> {
		return this.#store.getMany(keys);
	}

	async swap(key: string, expected: string | null, next: string | null, ttlMs: number) {
		const calls = this.#current.getStore();
		calls?.onSwap();
		const sentAt = performance.now();
		const isDone = await this.#store.swap(key, expected, next, ttlMs);
		if (isDone) calls?.onSwapped(sentAt);
		return isDone;
	}
}
