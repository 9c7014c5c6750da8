import { type CacheParts, type CacheStats, makeParts, statsOf } from "./cache-parts.ts";
import { type CacheOptions, requireNumber } from "./options.ts";
import { WriteBehind, type WriteBehindSettings } from "./write-behind.ts";
import { Writer, type WriterOptions } from "./writer.ts";

const WRITE_LEASE_MS = 10_000;

/** A cache that the application reads through. None of its reads fails because the cache does. */
export interface ReadCache<V> {
	/** The value; undefined if the database has none. Throws what `load` throws. */
	get(key: string): Promise<V | undefined>;
	/** The values of the keys that have one. Throws what `load` or `loadMany` throws. */
	getMany(keys: readonly string[]): Promise<Map<string, V>>;
	/**
	 * Makes the cache forget a key; call it after the database changed. No read that begins later, in any process, gets an
	 * older value. Resolves to false if the cache is unavailable: then this process asks the database, and tells the cache when
	 * it is back; other processes may read the older value until then, or until its TTL ends.
	 */
	invalidate(key: string): Promise<boolean>;
	/** The same for all keys that `tags` gives this tag. */
	invalidateTag(tag: string): Promise<boolean>;
	stats(): CacheStats;
}

/** A cache that the application also writes through. */
export interface WriteCache<V> extends ReadCache<V> {
	/**
	 * Writes database and cache. Resolves to the value that the database has: what `write` returned, or else the one given.
	 * Throws what `write` throws.
	 */
	put(key: string, value: V): Promise<V>;
	/** Removes the key from database and cache. Throws what `remove` throws. */
	remove(key: string): Promise<void>;
}

export interface WriteOptions<V> extends CacheOptions<V>, WriterOptions {
	/**
	 * Writes the database. What it returns, such as a row with defaults filled in, is the value from then on. `signal` is
	 * aborted when the write lease ends: a change that the database makes later may leave an older value in the cache.
	 */
	write(
		key: string,
		value: V,
		context: { signal: AbortSignal },
	): Promise<V | undefined> | Promise<void>;
	/** Removes a key from the database. Without it, `remove` throws TypeError. */
	remove?(key: string, context: { signal: AbortSignal }): Promise<unknown>;
}

/** A cache that gives the database its writes later. */
export interface WriteBehindCache<V> extends ReadCache<V> {
	/** Resolves when the cache has the value; while the cache is unavailable, when the database has it. */
	put(key: string, value: V): Promise<void>;
	remove(key: string): Promise<void>;
	/** Writes all that waits to the database. Throws what `writeMany` throws; then it still waits, and is tried again. Call it before the process ends. */
	flush(): Promise<void>;
	/** How many keys the database doesn't have yet. */
	pending(): number;
}

export interface WriteBehindOptions<V>
	extends CacheOptions<V>,
		Pick<WriteBehindSettings<V>, "writeMany">,
		Partial<Omit<WriteBehindSettings<V>, "writeMany">> {}

/**
 * Lazy loading: a read takes the value from the cache, or from the database and fills the cache. The application writes the
 * database itself, then calls `invalidate`. If it dies in between, the cache holds the old value until its TTL ends.
 */
export function cacheAside<V>(options: CacheOptions<V>): ReadCache<V> {
	return readCache(makeParts(options, WRITE_LEASE_MS));
}

/** Every write goes to the database, and the cache has it before the write ends: reads never get an older value. */
export function writeThrough<V>(options: WriteOptions<V>): WriteCache<V> {
	return writeCache(options, true);
}

/** Every write goes to the database, and the cache forgets the key: for values that are seldom read after they were written. */
export function writeAround<V>(options: WriteOptions<V>): WriteCache<V> {
	return writeCache(options, false);
}

/**
 * Every write goes to the cache, and to the database a moment later, together with others. If the process dies, the database
 * never gets what waited. Only one process may write a key.
 */
export function writeBehind<V>(options: WriteBehindOptions<V>): WriteBehindCache<V> {
	const parts = makeParts(options, WRITE_LEASE_MS);
	const cache = readCache(parts);
	const behind = new WriteBehind(parts, {
		writeMany: options.writeMany.bind(options),
		flushMs: requireNumber("flushMs", options.flushMs ?? 1_000, 1),
		batchSize: requireNumber("batchSize", options.batchSize ?? 100, 1),
		maxPending: requireNumber("maxPending", options.maxPending ?? 10_000, 1),
	});
	return {
		...cache,
		async get(key) {
			const latest = behind.latest(key);
			return latest === undefined ? cache.get(key) : (latest ?? undefined);
		},
		async getMany(keys) {
			const others = keys.filter((key) => behind.latest(key) === undefined);
			const waiting = keys.map((key) => [key, behind.latest(key)] as const);
			const values = await cache.getMany(others);
			for (const [key, value] of waiting) {
				if (value !== undefined && value !== null) values.set(key, value);
			}
			return values;
		},
		put: (key, value) => behind.put(key, value),
		remove: (key) => behind.put(key, null),
		flush: () => behind.flush(),
		pending: () => behind.pending,
	};
}

function readCache<V>(parts: CacheParts<V>): ReadCache<V> {
	const { reader, invalidations } = parts;
	return {
		get: (key) => reader.get(key),
		getMany: (keys) => reader.getMany(keys),
		invalidate: (key) => invalidations.invalidateKey(key),
		invalidateTag: (tag) => invalidations.invalidateTag(tag),
		stats: () => statsOf(parts),
	};
}

function writeCache<V>(options: WriteOptions<V>, keep: boolean): WriteCache<V> {
	const writeLeaseMs = requireNumber("writeLeaseMs", options.writeLeaseMs ?? WRITE_LEASE_MS, 1);
	const parts = makeParts(options, writeLeaseMs);
	const writer = new Writer(parts, {
		writeLeaseMs,
		whenUnavailable: options.whenUnavailable ?? "proceed",
		isRefused: (error) => options.isRefused?.(error) ?? false,
	});
	const context = () => ({ signal: AbortSignal.timeout(writeLeaseMs) });
	return {
		...readCache(parts),
		async put(key, value) {
			const change = async () => (await options.write(key, value, context())) ?? value;
			return (await writer.write({ key, change, keep })) ?? value;
		},
		async remove(key) {
			const { remove } = options;
			if (remove === undefined) throw new TypeError("remove: this cache was made without it");
			const change = async () => {
				await remove.call(options, key, context());
				return null;
			};
			await writer.write({ key, change, keep });
		},
	};
}
