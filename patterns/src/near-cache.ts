import type { Store } from "./store.ts";

export interface NearCacheOptions {
	/** All keys that it keeps begin with this: the cache's own `prefix`, or a longer one. */
	readonly prefix: string;
	/** The least recently read goes first. 10,000 by default. */
	readonly maxEntries?: number;
	/** How long an entry is kept at most, whatever the engine reports. Milliseconds, 60,000 by default. */
	readonly maxAgeMs?: number;
	/** Milliseconds since 1970; the system's by default. */
	now?(): number;
}

export interface NearCache extends Store {
	/** `isTracking`: false while the engine's reports can't reach it; then every read goes to the cache. */
	stats(): { hits: number; misses: number; entries: number; isTracking: boolean };
	/** Stops tracking and forgets everything. */
	close(): Promise<void>;
}

/** A read of the cache that is under way. */
interface Reading {
	isChanged: boolean;
	readers: number;
}

/**
 * Keeps what this process has read in its memory, and drops what the engine reports as changed (CLIENT TRACKING). A change
 * elsewhere is seen when the report arrives, usually within a millisecond, so reads may be older by that; a lost connection
 * to the engine empties it. Throws TypeError if the client can't track.
 */
export async function nearCache(
	store: Store,
	{ prefix, maxEntries = 10_000, maxAgeMs = 60_000, now = Date.now }: NearCacheOptions,
): Promise<NearCache> {
	const { track } = store;
	if (track === undefined) {
		throw new TypeError("nearCache: this client doesn't report changes (CLIENT TRACKING)");
	}
	// In the order of their last use.
	const entries = new Map<string, { raw: string; until: number }>();
	const readings = new Map<string, Reading>();
	let hits = 0;
	let misses = 0;
	let isTracking = false;

	const drop = (key: string) => {
		entries.delete(key);
		const reading = readings.get(key);
		if (reading !== undefined) reading.isChanged = true;
		readings.delete(key);
	};
	const dropAll = () => {
		entries.clear();
		for (const reading of readings.values()) reading.isChanged = true;
		readings.clear();
	};
	const begin = (key: string): Reading => {
		const reading = readings.get(key) ?? { isChanged: false, readers: 0 };
		reading.readers += 1;
		readings.set(key, reading);
		return reading;
	};
	const end = (key: string, reading: Reading, raw: string | null) => {
		reading.readers -= 1;
		if (reading.isChanged || !isTracking) return;
		if (reading.readers === 0) readings.delete(key);
		// Leases and writers' marks are gone in a moment.
		if (raw === null || !/^[VNT]/.test(raw)) return;
		entries.delete(key);
		entries.set(key, { raw, until: now() + maxAgeMs });
		if (entries.size > maxEntries) {
			for (const oldest of entries.keys()) {
				entries.delete(oldest);
				break;
			}
		}
	};
	const find = (key: string): string | null => {
		const found = entries.get(key);
		if (found === undefined || found.until <= now()) {
			misses += 1;
			return null;
		}
		hits += 1;
		entries.delete(key);
		entries.set(key, found);
		return found.raw;
	};
	const readMany = async (keys: readonly string[]): Promise<(string | null)[]> => {
		const begun = keys.map(begin);
		let raws: (string | null)[] = [];
		try {
			raws = await store.getMany(keys);
		} finally {
			for (const [index, key] of keys.entries()) {
				const reading = begun[index];
				if (reading !== undefined) end(key, reading, raws[index] ?? null);
			}
		}
		return raws;
	};

	const stop = await track.call(store, prefix, {
		changed: (key) => (key === null ? dropAll() : drop(key)),
		tracking(isOn) {
			// What is being read now was perhaps changed while nothing was reported.
			dropAll();
			isTracking = isOn;
		},
	});

	return {
		async get(key) {
			const found = find(key);
			if (found !== null) return found;
			const reading = begin(key);
			let raw: string | null = null;
			try {
				raw = await store.get(key);
			} finally {
				end(key, reading, raw);
			}
			return raw;
		},
		async getMany(keys) {
			const found = keys.map(find);
			const missing = keys.filter((_, index) => found[index] === null);
			const raws = missing.length === 0 ? [] : await readMany(missing);
			let next = 0;
			return found.map((raw) => raw ?? raws[next++] ?? null);
		},
		async swap(key, expected, value, ttlMs) {
			drop(key);
			try {
				return await store.swap(key, expected, value, ttlMs);
			} finally {
				drop(key);
			}
		},
		stats: () => ({ hits, misses, entries: entries.size, isTracking }),
		async close() {
			isTracking = false;
			dropAll();
			await stop();
		},
	};
}
