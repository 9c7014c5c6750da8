import type { CacheMetrics } from "../../../../server/contract/metrics.ts";

const SHORTEST_SPAN_SECONDS = 120;

/** The part of the range since the cache was created, in Unix seconds. */
export function lifetimeIn({ from, to }: Pick<CacheMetrics, "from" | "to">, createdAt: string) {
	const toSeconds = Date.parse(to) / 1_000;
	const beginSeconds = Math.max(Date.parse(from), Date.parse(createdAt)) / 1_000;
	return { fromSeconds: Math.min(toSeconds - SHORTEST_SPAN_SECONDS, beginSeconds), toSeconds };
}
