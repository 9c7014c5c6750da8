import type { CacheMetrics } from "../../server/contract/metrics.ts";

type NodeSeries = CacheMetrics["nodes"][number];

/** A bucket's mean changes until it is full, and agents report a few seconds late. */
const LATE_SECONDS = 30;

/** The time from which samples must be read again; older ones no longer change. */
export function changesSince({ to, resolutionSeconds }: CacheMetrics): string {
	const lateSeconds = Math.max(LATE_SECONDS, 2 * resolutionSeconds);
	return new Date(Date.parse(to) - lateSeconds * 1_000).toISOString();
}

/**
 * Merges new samples into the known ones: the newer reading of a sample wins, and samples outside the range are
 * dropped.
 */
export function mergeMetrics(known: CacheMetrics, next: CacheMetrics): CacheMetrics {
	const held = new Map(known.nodes.map((series) => [series.id, series]));
	return {
		...next,
		nodes: next.nodes.map((series) => {
			const earlier = held.get(series.id);
			return earlier === undefined ? series : joined(earlier, series, next.from);
		}),
	};
}

function joined(earlier: NodeSeries, later: NodeSeries, from: string): NodeSeries {
	const [firstNew] = later.at;
	const kept = earlier.at.flatMap((at, index) =>
		at >= from && (firstNew === undefined || at < firstNew) ? [index] : [],
	);
	const names = new Set([...Object.keys(earlier.values), ...Object.keys(later.values)]);
	return {
		...later,
		at: [...kept.map((index) => earlier.at[index] ?? ""), ...later.at],
		values: Object.fromEntries(
			[...names].map((name) => [
				name,
				[
					...kept.map((index) => earlier.values[name]?.[index] ?? null),
					...(later.values[name] ?? later.at.map(() => null)),
				],
			]),
		),
	};
}
