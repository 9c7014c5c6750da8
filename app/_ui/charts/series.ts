import type { CacheMetrics, NodeMetrics } from "../../../server/contract/metrics.ts";

export interface ChartSeries {
	label: string;
	/** null where nothing was measured, undefined where this line just has no sample at that time. */
	values: (number | null | undefined)[];
}

/** Columns on one time axis, in Unix seconds. */
export interface ChartData {
	times: number[];
	series: ChartSeries[];
}

type Values = Record<string, (number | null)[]>;
type NodeReader = (values: Values, index: number) => number | null;

/** Reads one metric as it was measured. */
export function reading(metric: keyof NodeMetrics): NodeReader {
	return (values, index) => values[metric]?.[index] ?? null;
}

/** Hits out of all reads, 0 to 1; null where nothing was read. */
export const readHitRate: NodeReader = (values, index) => {
	const hits = values.hitsPerSecond?.[index] ?? null;
	const misses = values.missesPerSecond?.[index] ?? null;
	if (hits === null || misses === null || hits + misses <= 0) return null;
	return hits / (hits + misses);
};

/** Samples missing for longer than this many intervals break the line. */
const GAP_INTERVALS = 2.5;

/** One line a node. Nodes are sampled at moments of their own, so their times are merged. */
export function byNode(metrics: CacheMetrics, read: NodeReader): ChartData {
	const times = [...new Set(metrics.nodes.flatMap(({ at }) => at.map(toSeconds)))].sort(
		(a, b) => a - b,
	);
	const rank = new Map(times.map((time, index) => [time, index]));
	const gapSeconds = GAP_INTERVALS * metrics.resolutionSeconds;
	const series = metrics.nodes.map(({ node, at, values }) => {
		const merged: (number | null | undefined)[] = new Array(times.length).fill(undefined);
		let before = 0;
		for (const [index, moment] of at.entries()) {
			const seconds = toSeconds(moment);
			const place = rank.get(seconds) ?? 0;
			merged[place] = read(values, index);
			const isGap = index > 0 && seconds - (times[before] ?? seconds) > gapSeconds;
			if (isGap) merged.fill(null, before + 1, place);
			before = place;
		}
		return { label: node, values: merged };
	});
	return { times, series };
}

/**
 * One line for the whole cache: samples are put into slots as long as the resolution, then `combine`d over nodes.
 * Samples don't come to the second: a node whose sample fell into the slot before counts with that one.
 */
export function overall(
	metrics: CacheMetrics,
	label: string,
	read: NodeReader,
	combine: (values: readonly number[]) => number,
): ChartData {
	const slotSeconds = Math.max(1, metrics.resolutionSeconds);
	const slots = new Map<number, Map<string, number>>();
	for (const { node, at, values } of metrics.nodes) {
		for (const [index, moment] of at.entries()) {
			const value = read(values, index);
			if (value === null) continue;
			const slot = Math.floor(toSeconds(moment) / slotSeconds) * slotSeconds;
			const own = slots.get(slot) ?? new Map<string, number>();
			own.set(node, value);
			slots.set(slot, own);
		}
	}
	const gapSeconds = GAP_INTERVALS * slotSeconds;
	const latest = new Map<string, { time: number; value: number }>();
	const times: number[] = [];
	const combined: (number | null)[] = [];
	for (const time of [...slots.keys()].sort((a, b) => a - b)) {
		const previous = times.at(-1) ?? time;
		if (time - previous > gapSeconds) {
			times.push(previous + slotSeconds);
			combined.push(null);
		}
		for (const [node, value] of slots.get(time) ?? []) latest.set(node, { time, value });
		const current = [...latest.values()].filter((sample) => time - sample.time <= gapSeconds);
		times.push(time);
		combined.push(combine(current.map(({ value }) => value)));
	}
	return { times, series: [{ label, values: combined }] };
}

/** Several charts' lines on one time axis. */
export function sideBySide(charts: readonly ChartData[]): ChartData {
	const times = [...new Set(charts.flatMap((chart) => chart.times))].sort((a, b) => a - b);
	const rank = new Map(times.map((time, index) => [time, index]));
	const series = charts.flatMap((chart) =>
		chart.series.map(({ label, values }) => {
			const merged: (number | null | undefined)[] = new Array(times.length).fill(undefined);
			for (const [index, time] of chart.times.entries()) {
				merged[rank.get(time) ?? 0] = values[index];
			}
			return { label, values: merged };
		}),
	);
	return { times, series };
}

/** `part` out of `part` and `rest`, 0 to 1; both of the same nodes. Null where both are nothing. */
export function shareOf(label: string, part: ChartData, rest: ChartData): ChartData {
	const restAt = new Map(
		rest.times.map((time, index) => [time, rest.series[0]?.values[index] ?? null]),
	);
	const values = part.times.map((time, index) => {
		const own = part.series[0]?.values[index] ?? null;
		const other = restAt.get(time) ?? null;
		if (own === null || other === null || own + other <= 0) return null;
		return own / (own + other);
	});
	return { times: part.times, series: [{ label, values }] };
}

/** The metrics of some nodes alone. */
export function ofNodes(metrics: CacheMetrics, nodes: ReadonlySet<string>): CacheMetrics {
	return { ...metrics, nodes: metrics.nodes.filter(({ node }) => nodes.has(node)) };
}

export function sum(values: readonly number[]): number {
	return values.reduce((total, value) => total + value, 0);
}

export function highest(values: readonly number[]): number {
	return values.reduce((most, value) => Math.max(most, value), 0);
}

/** The newest value that was measured. */
export function newest(values: ChartSeries["values"]): number | null {
	return values.findLast((value) => typeof value === "number") ?? null;
}

function toSeconds(iso: string): number {
	return Math.round(Date.parse(iso) / 1_000);
}
