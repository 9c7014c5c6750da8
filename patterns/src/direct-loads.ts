/**
 * Loads that the cache can't coordinate: at most one of a key runs at a time in this process, and one waits. A caller that
 * comes while one runs shares the next, because the running one may have read the database before the caller came.
 */
export class DirectLoads<V> {
	readonly #running = new Map<string, Promise<unknown>>();
	readonly #next = new Map<string, Promise<V>>();

	run(key: string, load: () => Promise<V>): Promise<V> {
		const running = this.#running.get(key);
		if (running === undefined) return this.#start(key, load);
		const waiting = this.#next.get(key);
		if (waiting !== undefined) return waiting;
		const next = running.then(() => {
			this.#next.delete(key);
			return this.#start(key, load);
		});
		this.#next.set(key, next);
		return next;
	}

	#start(key: string, load: () => Promise<V>): Promise<V> {
		const result = load();
		const ended = result.then(
			() => undefined,
			() => undefined,
		);
		this.#running.set(key, ended);
		void ended.then(() => {
			// The waiting one takes its place.
			if (this.#running.get(key) === ended && !this.#next.has(key)) this.#running.delete(key);
		});
		return result;
	}
}
