/** Begins each piece of work of a key once the one before it has ended, however it ended. Remembers no key without work. */
export class KeyedTurns {
	readonly #last = new Map<string, Promise<void>>();

	run<T>(key: string, work: () => Promise<T>): Promise<T> {
		const before = this.#last.get(key) ?? Promise.resolve();
		const run = before.then(work);
		const ended = run.then(ignore, ignore).then(() => {
			if (this.#last.get(key) === ended) this.#last.delete(key);
		});
		this.#last.set(key, ended);
		return run;
	}

	/** How many keys have work that hasn't ended. */
	get size(): number {
		return this.#last.size;
	}
}

function ignore(): void {}
