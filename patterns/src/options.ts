import type { Clock } from "./clock.ts";
import { systemClock } from "./clock.ts";
import type { EventListener } from "./events.ts";
import type { BreakerOptions } from "./guarded-store.ts";
import type { Store } from "./store.ts";

/** A value as text. */
export interface Codec<V> {
	encode(value: V): string;
	decode(text: string): V;
}

export interface CacheOptions<V> {
	/** The cache, by its client: `ioredisStore(client)`, `nodeRedisStore`, `glideStore`, `memcachedStore`. */
	readonly store: Store;
	/** Begins every key in the cache, such as `user:`. Two kinds of values need two prefixes. */
	readonly prefix: string;
	/** Reads the database. Null and undefined: it has no such value. */
	load(key: string): Promise<V | null | undefined>;
	/** Reads many keys at once, for `getMany`. Keys that the database doesn't have are absent from the result. */
	loadMany?(keys: readonly string[]): Promise<ReadonlyMap<string, V>>;
	/** How long a value is served without asking the database. Milliseconds. */
	readonly ttlMs: number;
	/** Each value's TTL is up to this share longer or shorter, so that they don't expire together. 0.1 by default. */
	readonly ttlJitter?: number;
	/** How long the cache remembers that the database has no such value. Milliseconds; 0, the default: not at all. */
	readonly negativeTtlMs?: number;
	/**
	 * How long after its TTL a value is still served while it is loaded anew, or while the database fails. Milliseconds; 0,
	 * the default: not at all.
	 */
	readonly staleMs?: number;
	/**
	 * Loads a value anew before its TTL ends, with a probability that grows as the end comes near and with the time that the
	 * database takes (XFetch). 1 is the theory's optimum, more is earlier; 0, the default: never.
	 */
	readonly earlyRefresh?: number;
	/** How long a process may take to load a value before another one may. Milliseconds, 10,000 by default. */
	readonly loadLeaseMs?: number;
	/** How long a read waits for another process that loads the value, before it asks the database itself. 2,000 ms by default. */
	readonly waitMs?: number;
	/** The tags of a key. Each hit then reads the versions of its tags too, in the same round trip where they are on the same node. */
	tags?(key: string): readonly string[];
	/** JSON by default. */
	readonly codec?: Codec<V>;
	readonly breaker?: BreakerOptions;
	readonly onEvent?: EventListener;
	/** For tests. */
	readonly clock?: Clock;
}

/** The options with their defaults that don't depend on the type of the values. */
export interface Timing {
	readonly prefix: string;
	readonly ttlMs: number;
	readonly ttlJitter: number;
	readonly negativeTtlMs: number;
	readonly staleMs: number;
	readonly earlyRefresh: number;
	readonly loadLeaseMs: number;
	readonly waitMs: number;
	readonly clock: Clock;
}

export interface Settings<V> extends Timing {
	readonly codec: Codec<V>;
}

/** The options with their defaults. Throws RangeError, which names the option, for values that make no sense. */
export function readOptions<V>(options: CacheOptions<V>): Settings<V> {
	const settings: Settings<V> = {
		prefix: options.prefix,
		ttlMs: requireNumber("ttlMs", options.ttlMs, 1),
		ttlJitter: requireNumber("ttlJitter", options.ttlJitter ?? 0.1, 0, 0.9),
		negativeTtlMs: requireNumber("negativeTtlMs", options.negativeTtlMs ?? 0, 0),
		staleMs: requireNumber("staleMs", options.staleMs ?? 0, 0),
		earlyRefresh: requireNumber("earlyRefresh", options.earlyRefresh ?? 0, 0),
		loadLeaseMs: requireNumber("loadLeaseMs", options.loadLeaseMs ?? 10_000, 1),
		waitMs: requireNumber("waitMs", options.waitMs ?? 2_000, 0),
		codec: options.codec ?? { encode: JSON.stringify, decode: JSON.parse },
		clock: options.clock ?? systemClock,
	};
	if (options.prefix === "") {
		throw new RangeError('prefix: give the keys a prefix, such as "user:"');
	}
	return settings;
}

export function requireNumber(name: string, value: number, min: number, max = Infinity): number {
	if (typeof value === "number" && value >= min && value <= max) return value;
	const range = max === Infinity ? `at least ${min}` : `from ${min} to ${max}`;
	throw new RangeError(`${name} must be ${range}, not ${value}`);
}
