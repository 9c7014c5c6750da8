import { newId, type Value, writeLease } from "./entry.ts";
import type { Loader } from "./loader.ts";
import type { Settings } from "./options.ts";
import type { Store } from "./store.ts";

/** Loads values anew while callers get the old ones. One process at a time does so for a key. */
export class Refresher<V> {
	readonly #settings: Settings<V>;
	readonly #store: Store;
	readonly #loader: Loader<V>;
	readonly #tagIdsOf: (key: string) => Promise<string>;
	readonly #underWay = new Set<string>();

	constructor(
		settings: Settings<V>,
		store: Store,
		loader: Loader<V>,
		tagIdsOf: (key: string) => Promise<string>,
	) {
		this.#settings = settings;
		this.#store = store;
		this.#loader = loader;
		this.#tagIdsOf = tagIdsOf;
	}

	/** Returns at once. Replaces `old`, and nothing that has taken its place. */
	refresh(key: string, old: Value): void {
		if (this.#underWay.has(key)) return;
		this.#underWay.add(key);
		void this.#run(key, old).finally(() => this.#underWay.delete(key));
	}

	async #run(key: string, old: Value): Promise<void> {
		const { prefix, clock, loadLeaseMs } = this.#settings;
		const lease = writeLease(newId(clock.now()));
		const leasePlace = `${prefix}${key}~refresh`;
		try {
			if (!(await this.#store.swap(leasePlace, null, lease, loadLeaseMs))) return;
			const tagIds = await this.#tagIdsOf(key);
			const startedAt = clock.now();
			const value = await this.#loader.load(key, "refresh");
			const content = this.#loader.contentOf(value, clock.now() - startedAt, tagIds);
			const next = content?.raw ?? null;
			await this.#store.swap(prefix + key, old.prefix, next, content?.ttlMs ?? 1);
			await this.#store.swap(leasePlace, lease, null, 1);
		} catch {
			// Store or loader have reported it. The old value stays until its time is up, and the lease until it expires, so a
			// database that fails isn't asked again by the next read.
		}
	}
}
