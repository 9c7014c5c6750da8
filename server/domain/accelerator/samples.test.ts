import { expect, it } from "vitest";
import { ACCELERATOR_COLUMNS } from "../../contract/accelerator.ts";
import { type AcceleratorCounters, LATENCY_BOUNDS_MS } from "../../contract/accelerator-process.ts";
import { acceleratorSeries, countedSince, divideCounts } from "./samples.ts";

const NONE: number[] = new Array(LATENCY_BOUNDS_MS.length + 1).fill(0);
const counters = (counts: Partial<AcceleratorCounters> = {}): AcceleratorCounters => ({
	...{ itemHits: 0, itemMisses: 0, queryHits: 0, queryMisses: 0, writes: 0, passed: 0, failed: 0 },
	...{ upstreamCalls: 0, savedCalls: 0, savedHalfUnits: 0 },
	...{ hitMs: NONE, missMs: NONE, writeMs: NONE },
	...counts,
});
const at = (seconds: number) => new Date(seconds * 1_000);

it("counts what has been added since the last report, and nothing if the counters went back", () => {
	const before = counters({ itemHits: 10, savedHalfUnits: 4 });
	expect(countedSince(before, before)).toBeNull();
	expect(countedSince(before, counters({ itemHits: 9, savedHalfUnits: 4 }))).toBeNull();
	// Strong reads cost more than the hits have saved.
	const counted = countedSince(before, counters({ itemHits: 12, savedHalfUnits: 1 }));
	expect(counted?.filter((count) => count !== 0)).toEqual([2, -3]);
	expect(countedSince(null, counters({ writes: 3 }))?.includes(3)).toBe(true);
});

it("divides what was counted among the spans that it fell into, of each resolution", () => {
	const spans = divideCounts(at(60 + 10), at(60 + 20), [10]);
	const found = spans.map(({ resolutionSeconds, at: begins, counts }) => [
		...[resolutionSeconds, begins.getTime() / 1_000],
		...counts,
	]);
	expect(found).toEqual([
		[15, 60, 5],
		[15, 75, 5],
		[60, 60, 10],
		[900, 0, 10],
	]);
});

it("what was counted in a long time without reports stands at its end", () => {
	const spans = divideCounts(at(0), at(600), [30]).filter(({ resolutionSeconds: r }) => r === 15);
	expect(spans).toEqual([{ resolutionSeconds: 15, at: at(585), counts: [30] }]);
	const [moment] = divideCounts(at(30), at(30), [1]);
	expect(moment).toEqual({ resolutionSeconds: 15, at: at(30), counts: [1] });
});

it("makes rates, hit rates and latencies of counts; a span without calls has neither hit rate nor latency", () => {
	const hitMs = NONE.with(3, 90);
	const counts = countedSince(null, counters({ itemHits: 90, itemMisses: 10, hitMs })) ?? [];
	const span = { from: at(0), to: at(60 + 5), resolutionSeconds: 15 };
	const series = acceleratorSeries([{ at: at(15), counts }], span);
	expect(series.at).toEqual([at(0), at(15), at(30), at(45)]);
	expect(series.values).toMatchObject({
		hitRate: [null, 0.9, null, null],
		hitsPerSecond: [0, 6, 0, 0],
		missP99Ms: [null, null, null, null],
	});
	expect(series.values.hitP99Ms[1]).toBeLessThanOrEqual(LATENCY_BOUNDS_MS[3] ?? 0);
	expect(Object.keys(series.values).toSorted()).toEqual([...ACCELERATOR_COLUMNS].toSorted());
});

it("the newest span has the rate of the part that is over", () => {
	const counts = countedSince(null, counters({ writes: 30 })) ?? [];
	const span = { from: at(0), to: at(30 + 5), resolutionSeconds: 60 };
	expect(acceleratorSeries([{ at: at(0), counts }], span).values.writesPerSecond).toEqual([1]);
	expect(acceleratorSeries([], { ...span, to: at(15) }).at).toEqual([]);
});
