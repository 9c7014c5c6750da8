import type { LabStrategy } from "../server/contract/lab.ts";
import type { Operation } from "./operations.ts";

export interface SimulationOptions {
	readonly strategy: LabStrategy;
	readonly ttlMs: number;
	/** How many operations there are. */
	readonly count: number;
	next(): Operation;
	/** When the operation with this number began, in milliseconds. Operations may have begun in another order. */
	beganAt(index: number): number;
	/** When the cache got the mark of a write, and when it got what the write leaves there. */
	markedAt(index: number): number;
	endedAt(index: number): number;
	/** How long a load takes that begins at a time; asked for in ascending order. */
	load(at: number): LoadTimes;
	/** From 0 to 1. */
	random(): number;
}

/** How long after a read finds no value in the cache something else is there. Milliseconds. */
export interface LoadTimes {
	/** The loader's lease. A write before it doesn't disturb the load. */
	readonly leaseMs: number;
	readonly valueMs: number;
}

interface Entry {
	readonly placedAt: number;
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
const READS = 0;
const MARKS = 1;
const ENDS = 2;

/**
 * The share of reads that a cache without limits answers, by a model of the strategy that shares no code with the library.
 * Null without reads or without a cache.
 */
export function simulateHitRate(options: SimulationOptions): number | null {
	const { strategy, ttlMs, load, random } = options;
	if (strategy === "no-cache") return null;
	const { keys, events } = arrange(options);
	const entries = new Map<number, Entry>();
	const writing = new Map<number, Writing>();
	const staleMs = strategy === "early-refresh" ? ttlMs : 0;
	const entryFrom = (filledAt: number, placedAt: number, availableAt: number): Entry => {
		const freshUntil = filledAt + ttlMs * (1 + JITTER * (2 * random() - 1));
		return { placedAt, availableAt, freshUntil, until: freshUntil + staleMs };
	};
	let reads = 0;
	let hits = 0;
	for (const { kind, index, at } of events) {
		const key = keys[index] ?? 0;
		if (kind === READS) read(key, at);
		else if (kind === MARKS) beginWrite(key);
		else endWrite(key, at);
	}
	return reads === 0 ? null : hits / reads;

	function read(key: number, now: number): void {
		reads += 1;
		// Until the write ends, readers ask the database.
		if (writing.has(key)) return;
		const entry = entries.get(key);
		if (entry === undefined || entry.until <= now) {
			const { leaseMs, valueMs } = load(now);
			entries.set(key, entryFrom(now + valueMs, now + leaseMs, now + valueMs));
		} else if (entry.availableAt <= now) {
			hits += 1;
			if (entry.freshUntil <= now) entries.set(key, entryFrom(now + load(now).valueMs, now, now));
		}
	}

	function beginWrite(key: number): void {
		if (strategy !== "write-through" && strategy !== "write-around") return;
		const others = writing.get(key);
		if (others === undefined) writing.set(key, { count: 1, overlap: false });
		else {
			others.count += 1;
			others.overlap = true;
		}
	}

	function endWrite(key: number, at: number): void {
		if (strategy === "ttl-only") return;
		if (strategy === "write-behind") {
			entries.set(key, entryFrom(at, at, at));
			return;
		}
		const state = writing.get(key);
		if (state !== undefined) {
			state.count -= 1;
			if (state.count > 0) return;
			writing.delete(key);
		}
		if (strategy === "write-through" && state?.overlap === false) {
			entries.set(key, entryFrom(at, at, at));
		} else if (state !== undefined || (entries.get(key)?.placedAt ?? 0) <= at) {
			entries.delete(key);
		}
	}
}

interface Event {
	readonly kind: typeof READS | typeof MARKS | typeof ENDS;
	/** Of the operation. */
	readonly index: number;
	readonly at: number;
}

/** All that happens, in the order in which it happened. A write ends before whatever happens at the same time. */
function arrange({ count, next, beganAt, markedAt, endedAt }: SimulationOptions) {
	const keys = new Uint32Array(count);
	const kinds = new Uint8Array(2 * count);
	const indexes = new Uint32Array(2 * count);
	const times = new Float64Array(2 * count);
	let length = 0;
	const add = (kind: Event["kind"], index: number, at: number) => {
		kinds[length] = kind;
		indexes[length] = index;
		times[length] = at;
		length += 1;
	};
	for (let index = 0; index < count; index += 1) {
		const { key, isRead } = next();
		keys[index] = key;
		if (isRead) add(READS, index, beganAt(index));
		else {
			add(MARKS, index, markedAt(index));
			add(ENDS, index, endedAt(index));
		}
	}
	const order = Uint32Array.from({ length }, (_, position) => position).sort(
		(a, b) => (times[a] ?? 0) - (times[b] ?? 0) || (kinds[b] ?? 0) - (kinds[a] ?? 0) || a - b,
	);
	return { keys, events: eventsIn(order) };

	function* eventsIn(positions: Uint32Array): Generator<Event> {
		for (const position of positions) {
			const kind = kinds[position];
			yield {
				kind: kind === ENDS ? ENDS : kind === MARKS ? MARKS : READS,
				index: indexes[position] ?? 0,
				at: times[position] ?? 0,
			};
		}
	}
}
