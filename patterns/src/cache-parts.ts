import type { EventListener, ReadOutcome } from "./events.ts";
import { GuardedStore } from "./guarded-store.ts";
import { Invalidations } from "./invalidations.ts";
import { Loader } from "./loader.ts";
import { type CacheOptions, readOptions, type Settings } from "./options.ts";
import { Reader } from "./reader.ts";

/** What every strategy is made of. */
export interface CacheParts<V> {
	readonly settings: Settings<V>;
	/** Answers in time, or throws CacheUnavailableError. */
	readonly store: GuardedStore;
	readonly loader: Loader<V>;
	readonly reader: Reader<V>;
	readonly invalidations: Invalidations;
	readonly emit: EventListener | undefined;
}

export function makeParts<V>(options: CacheOptions<V>, writeLeaseMs: number): CacheParts<V> {
	const settings = readOptions(options);
	const emit = options.onEvent;
	const store = new GuardedStore(options.store, options.breaker ?? {}, settings.clock, emit);
	const invalidations = new Invalidations(
		store,
		settings,
		writeLeaseMs,
		options.tags?.bind(options),
		emit,
	);
	const loader = new Loader(options, settings);
	const reader = new Reader(options, settings, store, loader, invalidations);
	return { settings, store, loader, reader, invalidations, emit };
}

export interface CacheStats extends Readonly<Record<ReadOutcome, number>> {
	/** The share of reads that didn't ask the database; 0 before the first read. */
	readonly hitRate: number;
	/** Invalidations that wait for the cache to come back. */
	readonly waitingInvalidations: number;
}

export function statsOf<V>({ reader, invalidations }: CacheParts<V>): CacheStats {
	const { counts } = reader;
	const reads = Object.values(counts).reduce((sum, count) => sum + count, 0);
	const hits = counts.hit + counts["negative-hit"] + counts.stale + counts.shared;
	return {
		...counts,
		hitRate: reads === 0 ? 0 : hits / reads,
		waitingInvalidations: invalidations.waiting,
	};
}
