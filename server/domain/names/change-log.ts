/** Beyond this number, all removals are forgotten, and holders of an older revision get everything. */
const REMOVALS_MAX = 10_000;

/**
 * Values by key, and which of them have changed since an earlier revision. Revisions count from 0 in each process: a
 * holder of another process's revision must ask with -1.
 */
export class ChangeLog<V> {
	#revision = 0;
	/** Holders of an older revision can't be told what was removed since. */
	#completeSince = 0;
	readonly #entries = new Map<string, { value: V; text: string; changedAt: number }>();
	readonly #removed = new Map<string, number>();

	get revision(): number {
		return this.#revision;
	}

	/** Replaces all values. The revision rises if any differs. */
	update(values: ReadonlyMap<string, V>): void {
		const next = this.#revision + 1;
		for (const [key, value] of values) {
			const text = JSON.stringify(value);
			if (this.#entries.get(key)?.text === text) continue;
			this.#entries.set(key, { value, text, changedAt: next });
			this.#removed.delete(key);
			this.#revision = next;
		}
		for (const key of this.#entries.keys()) {
			if (values.has(key)) continue;
			this.#entries.delete(key);
			this.#removed.set(key, next);
			this.#revision = next;
		}
		if (this.#removed.size <= REMOVALS_MAX) return;
		this.#removed.clear();
		this.#completeSince = this.#revision;
	}

	since(held: number): { whole: boolean; changed: V[]; removed: string[] } {
		const whole = held < this.#completeSince || held > this.#revision;
		const after = whole ? -1 : held;
		const entries = [...this.#entries.values()];
		return {
			whole,
			changed: entries.filter(({ changedAt }) => changedAt > after).map(({ value }) => value),
			removed: whole ? [] : [...this.#removed].flatMap(([key, at]) => (at > after ? key : [])),
		};
	}
}
