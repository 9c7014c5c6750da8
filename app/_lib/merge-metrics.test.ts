import { describe, expect, it } from "vitest";
import type { CacheMetrics } from "../../server/contract/metrics.ts";
import { changesSince, mergeMetrics } from "./merge-metrics.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toISOString();

function metrics(from: number, to: number, samples: readonly [number, number][]): CacheMetrics {
	return {
		range: "15m",
		resolutionSeconds: 5,
		from: at(from),
		to: at(to),
		nodes: [
			{
				...{ id: "a", shard: "0001", leftAt: null },
				node: "orders-001",
				role: "primary",
				at: samples.map(([seconds]) => at(seconds)),
				values: { clients: samples.map(([, clients]) => clients) },
			},
		],
	};
}

describe("metrics that are read piece by piece", () => {
	it("equal those read in one piece", () => {
		const known = metrics(0, 60, [
			[0, 1],
			[30, 2],
			[55, 3],
		]);
		const next = metrics(10, 70, [
			[30, 2],
			[55, 4],
			[65, 5],
		]);
		expect(mergeMetrics(known, next)).toEqual(
			metrics(10, 70, [
				[30, 2],
				[55, 4],
				[65, 5],
			]),
		);
	});

	it("keep what is older than the piece and still in the range", () => {
		const merged = mergeMetrics(
			metrics(0, 60, [
				[5, 1],
				[20, 2],
			]),
			metrics(10, 70, [[65, 3]]),
		);
		expect(merged.nodes[0]?.values.clients).toEqual([2, 3]);
	});

	it("keep all samples of a node that has no new one", () => {
		const merged = mergeMetrics(metrics(0, 60, [[20, 2]]), metrics(10, 70, []));
		expect(merged.nodes[0]?.at).toEqual([at(20)]);
	});

	it("are read again where buckets were still filling", () => {
		expect(changesSince(metrics(0, 60, []))).toBe(at(30));
		expect(changesSince({ ...metrics(0, 6_000, []), resolutionSeconds: 300 })).toBe(at(5_400));
	});
});
