import { AGENT_TIMING } from "../../../server/contract/limits.ts";
import type { CacheMetrics, NodeMetrics } from "../../../server/contract/metrics.ts";

export interface ChartSeries {
	label: string;
	/** null where nothing was measured, undefined where only other lines have a sample. */
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

const READING_SECONDS = AGENT_TIMING.metricsIntervalMs / 1_000;

/** Samples missing for longer than this many intervals break the line. */
const GAP_INTERVALS = 2.5;

/** One line per node; a node that replaced another continues that one's line. */
export function byNode(metrics: CacheMetrics, read: NodeReader): ChartData {
	const lines = linesOf(metrics).map(({ node, samples }) => ({
		node,
		samples: samples.map(({ seconds, values, index }) => ({ seconds, value: read(values, index) })),
	}));
	const times = [
		...new Set(lines.flatMap(({ samples }) => samples.map(({ seconds }) => seconds))),
	].sort((a, b) => a - b);
	const rank = new Map(times.map((time, index) => [time, index]));
	const gapSeconds = GAP_INTERVALS * metrics.resolutionSeconds;
	const series = lines.map(({ node, samples }) => {
		const merged: (number | null | undefined)[] = new Array(times.length).fill(undefined);
		let before = 0;
		for (const [index, { seconds, value }] of samples.entries()) {
			const place = rank.get(seconds) ?? 0;
			merged[place] = value;
			const isGap = index > 0 && seconds - (times[before] ?? seconds) > gapSeconds;
			if (isGap) merged.fill(null, before + 1, place);
			before = place;
		}
		const last = times.findLastIndex((time) => time - (times[before] ?? time) <= gapSeconds);
		if (samples.length > 0) merged.fill(null, last + 1);
		return { label: node, values: merged };
	});
	return { times, series };
}

interface Place {
	seconds: number;
	values: Values;
	index: number;
}

/**
 * By name: the samples of all nodes that had the name, one after another. Leaves out names that no current node
 * has.
 */
function linesOf({ nodes }: CacheMetrics): { node: string; samples: Place[] }[] {
	// While a node moves, its old place is listed first, and still serves.
	const present = nodes.filter(
		({ node, leftAt }, index) =>
			leftAt === null &&
			index === nodes.findIndex((each) => each.node === node && each.leftAt === null),
	);
	return present.map((current) => {
		const namesakes = nodes
			.filter(({ node, leftAt }) => node === current.node && leftAt !== null)
			.sort((a, b) => ((a.leftAt ?? "") < (b.leftAt ?? "") ? -1 : 1));
		let after = "";
		const samples = [...namesakes, current].flatMap(({ at, values, leftAt }) => {
			const own = at.flatMap((moment, index) =>
				moment > after ? [{ seconds: toSeconds(moment), values, index }] : [],
			);
			after = leftAt ?? after;
			return own;
		});
		return { node: current.node, samples };
	});
}

/**
 * What a line shows at a point on the time axis: its own newest sample by then, since other lines have samples at other
 * moments. Null where the line is interrupted or hasn't begun.
 */
export function valueAt(values: ChartSeries["values"], index: number): number | null {
	return values.slice(0, index + 1).findLast((value) => value !== undefined) ?? null;
}

/** One node's value in one slot of time. */
export interface SlotSample {
	value: number;
	/** For how much of the slot the node was there, from 0 to 1. */
	share: number;
	shard: string;
	/** It had no primary to lag behind. */
	isPrimary: boolean;
}

/** How samples of all nodes in one slot become one number. */
export type Combine = (samples: readonly SlotSample[]) => number;

/**
 * One line for the whole cache: samples are put into slots as long as the resolution, then `combine`d over nodes. All
 * hosts take theirs within milliseconds of each other, so a sample belongs to the nearest slot. A slot is
 * shown once every node has reported it.
 */
export function overall(
	metrics: CacheMetrics,
	label: string,
	read: NodeReader,
	combine: Combine,
): ChartData {
	const slotSeconds = Math.max(1, metrics.resolutionSeconds);
	const gapSeconds = GAP_INTERVALS * slotSeconds;
	const slots = slotsOf(metrics, read, slotSeconds);
	const times: number[] = [];
	const combined: (number | null)[] = [];
	for (const time of [...slots.keys()].sort((a, b) => a - b)) {
		const previous = times.at(-1) ?? time;
		if (time - previous > gapSeconds) {
			times.push(previous + slotSeconds);
			combined.push(null);
		}
		times.push(time);
		combined.push(combine(slots.get(time) ?? []));
	}
	return { times, series: [{ label, values: combined }] };
}

interface Counted extends SlotSample {
	slot: number;
	/** The number of readings behind the mean. */
	readings: number;
	/** Its node is no longer part of the cache. */
	hasLeft: boolean;
}

function slotsOf(
	metrics: CacheMetrics,
	read: NodeReader,
	slotSeconds: number,
): Map<number, SlotSample[]> {
	const nowSeconds = Date.parse(metrics.to) / 1_000;
	/** The newest slot that all nodes have reported. */
	let complete = Number.POSITIVE_INFINITY;
	const slots = new Map<number, Counted[]>();
	for (const node of metrics.nodes) {
		const own = countedIn(node, read, slotSeconds);
		const last = own.at(-1);
		if (last === undefined) continue;
		const isAwaited = node.leftAt === null && nowSeconds - last.slot < GAP_INTERVALS * slotSeconds;
		if (isAwaited) complete = Math.min(complete, last.slot);
		for (const sample of own) {
			slots.set(sample.slot, [...(slots.get(sample.slot) ?? []), sample]);
		}
	}
	const shown = [...slots].filter(([slot]) => slot <= complete);
	return new Map(
		shown.map(([slot, samples]) => {
			const most = Math.max(
				...samples.map(({ readings }) => readings),
				// One node's part of the slot begins where another's ends.
				samples.some(({ hasLeft }) => hasLeft) ? slotSeconds / READING_SECONDS : 1,
			);
			// While the slot isn't over, one node may have reported a reading that another hasn't yet.
			const isOver = nowSeconds - slot >= slotSeconds;
			return [
				slot,
				samples.map((each) => (isOver ? { ...each, share: each.readings / most } : each)),
			];
		}),
	);
}

/** A node's samples by slot. If a sample came so late that it skipped a slot, the one before counts there too. */
function countedIn(
	{ shard, leftAt, at, values }: CacheMetrics["nodes"][number],
	read: NodeReader,
	slotSeconds: number,
): Counted[] {
	const counted: Counted[] = [];
	for (const [index, moment] of at.entries()) {
		const value = read(values, index);
		if (value === null) continue;
		const slot = Math.round(Date.parse(moment) / 1_000 / slotSeconds) * slotSeconds;
		const before = counted.at(-1);
		if (before?.slot === slot) counted.pop();
		else if (before?.slot === slot - 2 * slotSeconds) {
			counted.push({ ...before, slot: slot - slotSeconds });
		}
		const readings = values.samples?.[index] ?? 1;
		const isPrimary = (values.replicationLagBytes?.[index] ?? null) === null;
		const hasLeft = leftAt !== null;
		counted.push({ slot, value, share: 1, shard, isPrimary, readings, hasLeft });
	}
	return counted;
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

/** `part` out of `part` and `rest`, 0 to 1; both of the same nodes. Null where both are zero or one is missing. */
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

/** The metrics of one shard alone. */
export function ofShard(metrics: CacheMetrics, id: string): CacheMetrics {
	return { ...metrics, nodes: metrics.nodes.filter(({ shard }) => shard === id) };
}

export const sum: Combine = (samples) =>
	samples.reduce((total, { value, share }) => total + value * share, 0);

export const highest: Combine = (samples) =>
	samples.reduce((most, { value }) => Math.max(most, value), 0);

/** The sum over primaries. Of a shard whose primary gave no sample, the replica that holds most counts. */
export const sumOfShards: Combine = (samples) => {
	const shards = new Map<string, SlotSample>();
	for (const sample of samples) {
		const other = shards.get(sample.shard);
		const isBetter =
			other === undefined ||
			(sample.isPrimary === other.isPrimary ? sample.value > other.value : sample.isPrimary);
		if (isBetter) shards.set(sample.shard, sample);
	}
	return [...shards.values()].reduce((total, { value }) => total + value, 0);
};

/** The newest value that was measured. */
export function newest(values: ChartSeries["values"]): number | null {
	return values.findLast((value) => typeof value === "number") ?? null;
}

function toSeconds(iso: string): number {
	return Math.round(Date.parse(iso) / 1_000);
}
