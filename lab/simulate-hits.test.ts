import { expect, it } from "vitest";
import { seededRandom } from "../platform/zipf.ts";
import type { LabStrategy } from "../server/contract/lab.ts";
import { operationsOf } from "./operations.ts";
import { simulateHitRate } from "./simulate-hits.ts";

/** Operations on one key, such as "rrw", 10 ms apart unless told; a load or write takes 5 ms. */
function rateOf(strategy: LabStrategy, kinds: string, { ttlMs = 1_000, gapMs = 10 } = {}) {
	const operations = [...kinds].map((kind) => ({ key: 0, isRead: kind === "r" }));
	let at = 0;
	return simulateHitRate({
		...{ strategy, ttlMs, count: operations.length },
		next: () => operations[at++] ?? { key: 0, isRead: true },
		beganAt: (index) => index * gapMs,
		markedAt: (index) => index * gapMs,
		endedAt: (index) => index * gapMs + 5,
		load: () => ({ leaseMs: 1, valueMs: 5 }),
		random: () => 0.5,
	});
}

it.each([
	["no-cache", "rr", null],
	["ttl-only", "rrrr", 3 / 4],
	// The old value stays.
	["ttl-only", "rrwr", 2 / 3],
	["cache-aside", "rrwr", 1 / 3],
	["early-refresh", "rrwr", 1 / 3],
	["write-around", "rrwr", 1 / 3],
	["write-through", "rrwr", 2 / 3],
	["write-through", "wr", 1],
	["write-behind", "wr", 1],
	["cache-aside", "ww", null],
] as const)("%s: of %s, the cache answers %s", (strategy, kinds, expected) => {
	const rate = rateOf(strategy, kinds);
	if (expected === null) expect(rate).toBeNull();
	else expect(rate).toBeCloseTo(expected);
});

it("a value expires after its TTL; with early refresh, it is served for another TTL while it is loaded", () => {
	expect(rateOf("cache-aside", "rr", { ttlMs: 100, gapMs: 150 })).toBe(0);
	expect(rateOf("early-refresh", "rrr", { ttlMs: 100, gapMs: 150 })).toBeCloseTo(2 / 3);
	expect(rateOf("early-refresh", "rr", { ttlMs: 100, gapMs: 250 })).toBe(0);
});

it("reads of a value that is being loaded or written aren't answered by the cache", () => {
	expect(rateOf("cache-aside", "rrr", { gapMs: 2 })).toBe(0);
	expect(rateOf("write-through", "wrr", { gapMs: 2 })).toBe(0);
	expect(rateOf("write-behind", "wrrr", { gapMs: 2 })).toBeCloseTo(1 / 3);
});

it("a write that reaches the cache before the loader's lease leaves the load alone, and a later one doesn't", () => {
	const rateWithWriteAt = (writtenAt: number) => {
		const times = [0, writtenAt, 20];
		let at = 0;
		return simulateHitRate({
			...{ strategy: "cache-aside", ttlMs: 1_000, count: 3, random: () => 0.5 },
			next: () => ({ key: 0, isRead: at++ !== 1 }),
			beganAt: (index) => times[index] ?? 0,
			markedAt: (index) => times[index] ?? 0,
			endedAt: (index) => times[index] ?? 0,
			load: () => ({ leaseMs: 2, valueMs: 10 }),
		});
	};
	expect(rateWithWriteAt(1)).toBe(1 / 2);
	expect(rateWithWriteAt(3)).toBe(0);
	expect(rateWithWriteAt(11)).toBe(0);
});

it("of writes that overlap, none leaves its value in the cache", () => {
	expect(rateOf("write-through", "wwrrrr", { gapMs: 3 })).toBeCloseTo(1 / 4);
	expect(rateOf("write-through", "wwrrrr", { gapMs: 6 })).toBe(1);
});

it("a cache with TTL only holds a key for a TTL after each miss, so theory gives its hit rate", () => {
	const keys = 200;
	const ratePerMs = 1;
	const ttlMs = 500;
	const count = 200_000;
	const rate = simulateHitRate({
		...{ strategy: "ttl-only", ttlMs, count },
		next: operationsOf({ keys, keySkew: 0, readShare: 1 })(),
		beganAt: (index) => index / ratePerMs,
		markedAt: (index) => index / ratePerMs,
		endedAt: (index) => index / ratePerMs,
		load: () => ({ leaseMs: 0, valueMs: 0 }),
		random: seededRandom(3),
	});
	const readsInTtl = (ratePerMs / keys) * ttlMs;
	expect(rate).toBeCloseTo(readsInTtl / (1 + readsInTtl), 2);
});

it("operations count in the order in which they began", () => {
	const operations = [
		{ key: 0, isRead: false },
		{ key: 0, isRead: true },
		{ key: 0, isRead: true },
	];
	const times = [30, 10, 20];
	const rate = simulateHitRate({
		...{
			strategy: "cache-aside",
			ttlMs: 1_000,
			count: 3,
			load: () => ({ leaseMs: 1, valueMs: 5 }),
			random: () => 0.5,
		},
		next: () => operations.shift() ?? { key: 0, isRead: true },
		beganAt: (index) => times[index] ?? 0,
		markedAt: (index) => times[index] ?? 0,
		endedAt: (index) => (times[index] ?? 0) + 5,
	});
	expect(rate).toBe(1 / 2);
});

it("all strategies get the same operations", () => {
	const begin = operationsOf({ keys: 100, keySkew: 1, readShare: 0.5 });
	const [first, second] = [begin(), begin()].map((next) => Array.from({ length: 50 }, next));
	expect(first).toEqual(second);
});
