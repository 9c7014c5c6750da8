import type { AcceleratorMetrics } from "../../contract/accelerator.ts";
import type { AcceleratorCounters } from "../../contract/accelerator-process.ts";
import { DYNAMODB_MILLION_READS } from "../../contract/default-rate-card.ts";
import type { RateCard } from "../../contract/rate-card.ts";
import { percentile } from "./latency.ts";

/** What counters mean for people. */
export function metricsOf(
	counters: AcceleratorCounters | null,
	{ currency, perMillionDynamoDbReads = DYNAMODB_MILLION_READS }: RateCard,
): AcceleratorMetrics {
	const { itemHits = 0, itemMisses = 0, queryHits = 0, queryMisses = 0 } = counters ?? {};
	const hits = itemHits + queryHits;
	const reads = hits + itemMisses + queryMisses;
	const readUnitsSaved = (counters?.savedHalfUnits ?? 0) / 2;
	return {
		...{ itemHits, itemMisses, queryHits, queryMisses },
		hitRate: reads === 0 ? null : hits / reads,
		writes: counters?.writes ?? 0,
		passed: counters?.passed ?? 0,
		failed: counters?.failed ?? 0,
		upstreamCalls: counters?.upstreamCalls ?? 0,
		upstreamCallsSaved: counters?.savedCalls ?? 0,
		readUnitsSaved,
		moneySaved: (readUnitsSaved / 1_000_000) * perMillionDynamoDbReads,
		currency,
		latencyMs: {
			hit: latencyOf(counters?.hitMs),
			miss: latencyOf(counters?.missMs),
			write: latencyOf(counters?.writeMs),
		},
	};
}

function latencyOf(counts: readonly number[] = []): { p50: number; p99: number } | null {
	const p50 = percentile(counts, 0.5);
	const p99 = percentile(counts, 0.99);
	return p50 === null || p99 === null ? null : { p50, p99 };
}
