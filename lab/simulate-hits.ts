import type { LabStrategy } from "../server/contract/lab.ts";
import type { Operation } from "./operations.ts";

export interface SimulationOptions {
	readonly strategy: LabStrategy;
	readonly ttlMs: number;
	/** How long it takes until the cache has a value that it lacked, and how long a write takes. */
	readonly loadMs: number;
	readonly writeMs: number;
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

/** Writes of a key that are under way. */
interface Writing {
	count: number;
	/** Several at a time: which of them the database carried out last isn't known, so the cache gets none of their values. */
	overlap: boolean;
}

/** As the library does by default. */
const JITTER = 0.1;

/**
 * The share of reads that a cache without limits answers, by a model of the strategy that shares no code with the library.
 * Null without reads or without a cache.
 */
export function simulateHitRate(options: SimulationOptions): number | null {
	const { strategy, ttlMs, loadMs, writeMs, count, next, beginsAt, random } = options;
	if (strategy === "no-cache") return null;
	const entries = new Map<number, Entry>();
	// Every write takes equally long, so they end in the order in which they began.
	const ends: { at: number; key: number }[] = [];
	let ended = 0;
	const writing = new Map<number, Writing>();
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
		for (let due = ends[ended]; due !== undefined && due.at <= now; due = ends[ended]) {
			ended += 1;
			endWrite(due.key, due.at);
		}
		if (!isRead) {
			beginWrite(key, now);
			continue;
		}
		reads += 1;
		// Until the write ends, readers ask the database.
		if (writing.has(key)) continue;
		const entry = entries.get(key);
		if (entry === undefined || entry.until <= now) {
			entries.set(key, entryFrom(now + loadMs));
		} else if (entry.availableAt <= now) {
			hits += 1;
			if (entry.freshUntil <= now) {
				entries.set(key, { ...entryFrom(now + loadMs), availableAt: now });
			}
		}
	}
	return reads === 0 ? null : hits / reads;

	function beginWrite(key: number, now: number): void {
		if (strategy === "ttl-only") return;
		if (strategy === "write-behind") {
			entries.set(key, entryFrom(now));
			return;
		}
		ends.push({ at: now + writeMs, key });
		if (strategy !== "write-through" && strategy !== "write-around") return;
		const others = writing.get(key);
		if (others === undefined) writing.set(key, { count: 1, overlap: false });
		else {
			others.count += 1;
			others.overlap = true;
		}
	}

	function endWrite(key: number, at: number): void {
		const state = writing.get(key);
		if (state !== undefined) {
			state.count -= 1;
			if (state.count > 0) return;
			writing.delete(key);
		}
		if (strategy === "write-through" && state?.overlap === false) entries.set(key, entryFrom(at));
		else entries.delete(key);
	}
}
