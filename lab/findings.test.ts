import { expect, it } from "vitest";
import type { LabResult, LabStrategy } from "../server/contract/lab.ts";
import { describeResults } from "./findings.ts";

const WORKLOAD = {
	...{ keys: 1_000, keySkew: 1, readShare: 0.9, itemBytes: 100, ttlSeconds: 10, clients: 8 },
	...{ databaseLatencyMs: 5, operationsPerSecond: 1_000, durationSeconds: 10 },
};

function figures(strategy: LabStrategy, changes: Partial<LabResult> = {}) {
	return {
		...{ strategy, reads: 9_000, writes: 1_000, errors: 0, operationsPerSecond: 1_000 },
		...{ hitRate: 0.9, simulatedHitRate: 0.9, databaseReads: 900, databaseWrites: 1_000 },
		...{ databaseQueriesPerSecond: 190, staleReads: 0, cacheKeys: 1, cacheBytes: 1 },
		...{ read: { p50Ms: 0.4, p99Ms: 6.2 }, write: { p50Ms: 5.5, p99Ms: 12.4 } },
		...changes,
	};
}

it("two sentences say what the database has to do, and what the application gets", () => {
	const none = { hitRate: null, databaseQueriesPerSecond: 1_000 };
	const [first, second] = describeResults(
		[figures("no-cache", none), figures("ttl-only", { staleReads: 45 })],
		WORKLOAD,
	);
	expect(first?.findings).toEqual([
		"The database answered every read, and the database got 1,000 queries a second.",
		"Reads took 0.40 ms (median) and 6.20 ms (p99), writes 5.50 ms and 12 ms; none of 9,000 reads was stale.",
	]);
	expect(second?.findings).toEqual([
		"The cache answered 90.0 % of reads, and the database got 190 queries a second, 19.0 % of what no cache took for as many operations.",
		"Reads took 0.40 ms (median) and 6.20 ms (p99), writes 5.50 ms and 12 ms; 45 of 9,000 reads (0.50 %) were stale, because the cache keeps an old value until its TTL ends.",
	]);
});

it("figures that weren't measured aren't mentioned", () => {
	const idle = {
		...{ reads: 0, writes: 0, hitRate: null, operationsPerSecond: 0, databaseQueriesPerSecond: 0 },
		...{ read: { p50Ms: null, p99Ms: null }, write: { p50Ms: null, p99Ms: null } },
	};
	const [only] = describeResults([figures("write-behind", idle)], WORKLOAD);
	expect(only?.findings[1]).toBe("No operation ended within the run.");
});
