import type { AcceleratorColumn } from "../../contract/accelerator.ts";
import type { AcceleratorCounters } from "../../contract/accelerator-process.ts";
import { divideAmongSpans } from "../time-spans.ts";
import { percentile } from "./latency.ts";

/** How long spans of samples are, and how long they are kept, in seconds. */
export const ACCELERATOR_RESOLUTIONS = [
	{ seconds: 15, keepSeconds: 3_600 + 300 },
	{ seconds: 60, keepSeconds: 25 * 3_600 },
	{ seconds: 900, keepSeconds: 31 * 24 * 3_600 },
] as const;

const FINEST_SECONDS = ACCELERATOR_RESOLUTIONS[0].seconds;
/** What was counted for longer than this without a report belongs to the end of the time. */
const SPREAD_MS = FINEST_SECONDS * 1_000;
/** How long reports of what a span counted take to arrive. */
const LATE_SECONDS = 5;

/** The order in which samples hold their counts; those of latencies follow, each with all its classes. */
const COUNTS = [
	...(["itemHits", "itemMisses", "queryHits", "queryMisses", "writes", "passed"] as const),
	...(["failed", "upstreamCalls", "savedCalls", "savedHalfUnits"] as const),
];
const LATENCIES = ["hitMs", "missMs", "writeMs"] as const;

type Sample = Pick<AcceleratorCounters, (typeof COUNTS)[number] | (typeof LATENCIES)[number]>;

/** What was counted since `before`; null if it is nothing, or if `before` isn't from earlier. */
export function countedSince(
	before: AcceleratorCounters | null,
	now: AcceleratorCounters,
): number[] | null {
	const earlier = before === null ? [] : flat(before);
	const counted = flat(now).map((count, index) => count - (earlier[index] ?? 0));
	const [calls, units] = [counted.toSpliced(UNITS_AT, 1), counted[UNITS_AT]];
	if (calls.some((count) => count < 0)) return null;
	return calls.some((count) => count > 0) || units !== 0 ? counted : null;
}

/** Strong reads that the accelerator needed count against what it saves. */
const UNITS_AT = COUNTS.indexOf("savedHalfUnits");

function flat(counters: Sample): number[] {
	return [...COUNTS.map((name) => counters[name]), ...LATENCIES.flatMap((name) => counters[name])];
}

function sampleOf(counts: readonly number[]): Sample {
	const classes = (counts.length - COUNTS.length) / LATENCIES.length;
	const latencyAt = (place: number) => {
		const start = COUNTS.length + place * classes;
		return counts.slice(start, start + classes);
	};
	const named = Object.fromEntries(COUNTS.map((name, at) => [name, counts[at] ?? 0]));
	return {
		...(named as Record<(typeof COUNTS)[number], number>),
		...{ hitMs: latencyAt(0), missMs: latencyAt(1), writeMs: latencyAt(2) },
	};
}

export interface AcceleratorSpan {
	readonly resolutionSeconds: number;
	readonly at: Date;
	readonly counts: readonly number[];
}

/** Divides what was counted between two moments among the spans of all resolutions. */
export function divideCounts(from: Date, to: Date, counts: readonly number[]): AcceleratorSpan[] {
	const begin = new Date(Math.max(from.getTime(), to.getTime() - SPREAD_MS));
	return ACCELERATOR_RESOLUTIONS.flatMap(({ seconds }) =>
		divideAmongSpans(begin, to, seconds * 1_000).map(({ at, share }) => ({
			...{ resolutionSeconds: seconds, at },
			counts: counts.map((count) => count * share),
		})),
	);
}

/** Columns over a time: a span in which nothing was counted had no calls. The newest span is shown once enough of it is over. */
export function acceleratorSeries(
	spans: readonly Omit<AcceleratorSpan, "resolutionSeconds">[],
	{ from, to, resolutionSeconds }: { from: Date; to: Date; resolutionSeconds: number },
): { at: Date[]; values: Record<AcceleratorColumn, (number | null)[]> } {
	const spanMs = resolutionSeconds * 1_000;
	const known = new Map(spans.map(({ at, counts }) => [at.getTime(), counts]));
	const at: Date[] = [];
	const rows: Record<AcceleratorColumn, number | null>[] = [];
	const end = to.getTime() - LATE_SECONDS * 1_000;
	for (let time = Math.floor(from.getTime() / spanMs) * spanMs; time < end; time += spanMs) {
		const seconds = Math.min(resolutionSeconds, (end - time) / 1_000);
		if (seconds < FINEST_SECONDS) break;
		at.push(new Date(time));
		rows.push(valuesOf(sampleOf(known.get(time) ?? []), seconds));
	}
	const names = Object.keys(valuesOf(sampleOf([]), 1)) as AcceleratorColumn[];
	return {
		at,
		values: Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])])) as Record<
			AcceleratorColumn,
			(number | null)[]
		>,
	};
}

function valuesOf(sample: Sample, seconds: number): Record<AcceleratorColumn, number | null> {
	const hits = sample.itemHits + sample.queryHits;
	const misses = sample.itemMisses + sample.queryMisses;
	return {
		hitRate: hits + misses > 0 ? hits / (hits + misses) : null,
		hitsPerSecond: hits / seconds,
		missesPerSecond: misses / seconds,
		writesPerSecond: sample.writes / seconds,
		passedPerSecond: sample.passed / seconds,
		failedPerSecond: sample.failed / seconds,
		upstreamCallsPerSecond: sample.upstreamCalls / seconds,
		savedCallsPerSecond: sample.savedCalls / seconds,
		readUnitsSavedPerSecond: sample.savedHalfUnits / 2 / seconds,
		hitP50Ms: percentile(sample.hitMs, 0.5),
		hitP99Ms: percentile(sample.hitMs, 0.99),
		missP50Ms: percentile(sample.missMs, 0.5),
		missP99Ms: percentile(sample.missMs, 0.99),
		writeP50Ms: percentile(sample.writeMs, 0.5),
		writeP99Ms: percentile(sample.writeMs, 0.99),
	};
}
