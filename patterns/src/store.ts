/**
 * What a strategy needs of a cache. Every change is conditional, so a call that the engine carries out late, after its
 * caller has given up, does no harm.
 */
export interface Store {
	/** The content of a key; null if there is none. */
	get(key: string): Promise<string | null>;
	/** The contents of keys, in their order. */
	getMany(keys: readonly string[]): Promise<(string | null)[]>;
	/**
	 * If the content begins with `expected` (null: if there is none), replaces it by `next`, which the engine keeps for
	 * `ttlMs` milliseconds, or removes it if `next` is null. Atomic. Resolves to whether it did.
	 */
	swap(key: string, expected: string | null, next: string | null, ttlMs: number): Promise<boolean>;
	/** Reports what any client changes. Absent if the client can't. Resolves, once it reports, to a function that ends it. */
	track?(prefix: string, listener: TrackingListener): Promise<() => Promise<void>>;
}

export interface TrackingListener {
	/** A key that begins with the prefix has changed a moment ago; null: any of them may have. */
	changed(key: string | null): void;
	/** False when changes can't be reported any more, true when they are again. */
	tracking(isOn: boolean): void;
}

/** The cache didn't answer in time, refused, or is taken for unavailable after several failures. */
export class CacheUnavailableError extends Error {
	override readonly name = "CacheUnavailableError";
}
