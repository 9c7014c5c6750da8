import type { LabStrategy } from "../server/contract/lab.ts";
import type { Operation } from "./operations.ts";

export interface SimulationOptions {
	readonly strategy: LabStrategy;
	readonly ttlMs: number;
	/** How long a query of the database takes. */
	readonly queryMs: number;
	/** How many operations there are. */
	readonly count: number;
	next(): Operation;
	/** When the operation with this number begins, in milliseconds. */
	beginsAt(index: number): number;
	/** From 0 to 1. */
	random(): number;
}

interface Entry {
	readonly availableAt: number;
	readonly freshUntil: number;
	readonly until: number;
}

interface Change {
	readonly at: number;
	readonly key: number;
	/** Null: the cache forgets the key. */
	readonly entry: Entry | null;
}

/** As the library does by default. */
const JITTER = 0.1;

/**
 * The share of reads that a cache without limits answers, by a model of the strategy that shares no code with the library.
 * Null without reads or without a cache.
 */
export function simulateHitRate(options: SimulationOptions): number | null {
	const { strategy, ttlMs, queryMs, count, next, beginsAt, random } = options;
	if (strategy === "no-cache") return null;
	const entries = new Map<number, Entry>();
	// Every query takes equally long, so changes come in the order in which they were ordered.
	const changes: Change[] = [];
	let applied = 0;
	const writing = new Map<number, number>();
	const staleMs = strategy === "early-refresh" ? ttlMs : 0;
	const entryFrom = (availableAt: number): Entry => {
		const freshUntil = availableAt + ttlMs * (1 + JITTER * (2 * random() - 1));
		return { availableAt, freshUntil, until: freshUntil + staleMs };
	};
	let reads = 0;
	let hits = 0;
	for (let index = 0; index < count; index += 1) {
		const { key, isRead } = next();
		const now = beginsAt(index);
		for (let due = changes[applied]; due !== undefined && due.at <= now; due = changes[applied]) {
			applied += 1;
			if (due.entry === null) entries.delete(due.key);
			else entries.set(due.key, due.entry);
		}
		if (!isRead) {
			write(key, now);
			continue;
		}
		reads += 1;
		if ((writing.get(key) ?? 0) > now) continue;
		const entry = entries.get(key);
		if (entry === undefined || entry.until <= now) {
			entries.set(key, entryFrom(now + queryMs));
		} else if (entry.availableAt <= now) {
			hits += 1;
			if (entry.freshUntil <= now) {
				entries.set(key, { ...entryFrom(now + queryMs), availableAt: now });
			}
		}
	}
	return reads === 0 ? null : hits / reads;

	function write(key: number, now: number): void {
		const done = now + queryMs;
		switch (strategy) {
			case "cache-aside":
			case "early-refresh":
				changes.push({ at: done, key, entry: null });
				return;
			case "write-through":
			case "write-around":
				// Until the write ends, readers ask the database.
				writing.set(key, done);
				changes.push({
					at: done,
					key,
					entry: strategy === "write-through" ? entryFrom(done) : null,
				});
				return;
			case "write-behind":
				entries.set(key, entryFrom(now));
				return;
			default:
		}
	}
}
