import { describe, expect, it } from "vitest";
import type { CacheMetrics } from "../../../server/contract/metrics.ts";
import {
	byNode,
	newest,
	ofShard,
	overall,
	readHitRate,
	reading,
	shareOf,
	sideBySide,
	sum,
	sumOfShards,
	valueAt,
} from "./series.ts";

const METRICS: CacheMetrics = {
	range: "15m",
	resolutionSeconds: 5,
	from: "2026-11-23T12:00:00.000Z",
	to: "2026-11-23T12:00:15.000Z",
	nodes: [
		{
			...{ id: "1", node: "orders-001", shard: "0001", leftAt: null },
			role: "primary",
			at: ["2026-11-23T12:00:00.000Z", "2026-11-23T12:00:05.000Z"],
			values: { clients: [3, 4], hitsPerSecond: [9, 0], missesPerSecond: [1, 0] },
		},
		{
			...{ id: "2", node: "orders-002", shard: "0002", leftAt: null },
			role: "replica",
			at: ["2026-11-23T12:00:01.200Z", "2026-11-23T12:00:11.000Z"],
			values: { clients: [1, null] },
		},
	],
};

describe("series", () => {
	it("by node share one axis; another node's sample doesn't break a line, a null does", () => {
		const { times, series } = byNode(METRICS, reading("clients"));
		expect(times.map((time) => time % 60)).toEqual([0, 1, 5, 11]);
		expect(series).toEqual([
			{ label: "orders-001", values: [3, undefined, 4, undefined] },
			{ label: "orders-002", values: [undefined, 1, undefined, null] },
		]);
	});

	it("break where a node wasn't sampled for a long time", () => {
		const [first, second] = METRICS.nodes;
		if (first === undefined || second === undefined) throw new Error("two nodes wanted");
		const late = { ...second, at: ["2026-11-23T12:00:01.000Z", "2026-11-23T12:00:41.000Z"] };
		const late2 = { ...late, values: { clients: [1, 2] } };
		const { series } = byNode({ ...METRICS, nodes: [first, late2] }, reading("clients"));
		expect(series[1]?.values).toEqual([undefined, 1, null, 2]);
	});

	it("show each line's last value at any moment, and nothing once the line has ended", () => {
		const [first, second] = METRICS.nodes;
		if (first === undefined || second === undefined) throw new Error("two nodes wanted");
		const long = { ...first, at: [...first.at, "2026-11-23T12:00:40.000Z"] };
		const nodes = [{ ...long, values: { clients: [3, 4, 5] } }, second];
		const { times, series } = byNode({ ...METRICS, nodes }, reading("clients"));
		const shown = (line: number) =>
			times.map((_, index) => valueAt(series[line]?.values ?? [], index));
		expect(times.map((time) => time % 60)).toEqual([0, 1, 5, 11, 40]);
		expect(shown(0)).toEqual([3, 3, 4, null, 5]);
		expect(shown(1)).toEqual([null, 1, 1, null, null]);
	});

	it("of the whole cache add up what nodes measured at one moment, once all have reported it", () => {
		const [first, second] = METRICS.nodes;
		if (first === undefined || second === undefined) throw new Error("two nodes wanted");
		const at = ["2026-11-23T12:00:00.010Z", "2026-11-23T12:00:04.990Z"];
		const both = { ...METRICS, to: "2026-11-23T12:00:05.500Z" };
		const nodes = (readings: number) => [
			{ ...first, at, values: { clients: [3, 4] } },
			{ ...second, at: at.slice(0, readings), values: { clients: [1, 2].slice(0, readings) } },
		];
		const values = (metrics: CacheMetrics) =>
			overall(metrics, "Clients", reading("clients"), sum).series[0]?.values;
		expect(values({ ...both, nodes: nodes(1) })).toEqual([4]);
		expect(values({ ...both, nodes: nodes(2) })).toEqual([4, 6]);
		// A node that has fallen silent isn't waited for, and no longer counts.
		expect(values({ ...both, to: "2026-11-23T12:00:13.000Z", nodes: nodes(1) })).toEqual([4, 4]);
		expect(values({ ...both, nodes: nodes(1).toReversed() })).toEqual([4]);
	});

	it("of the whole cache count a node that has left, for the time that it was there", () => {
		const [first] = METRICS.nodes;
		if (first === undefined) throw new Error("a node wanted");
		const minute = (index: number) => new Date(Date.UTC(2026, 10, 23, 12, index)).toISOString();
		const series = (id: string, leftAt: string | null, minutes: number[], samples: number[]) => ({
			...first,
			...{ id, leftAt, at: minutes.map(minute) },
			values: { clients: minutes.map(() => 400), samples, keys: minutes.map(() => 7) },
		});
		const metrics = {
			...{ ...METRICS, resolutionSeconds: 60, to: minute(9) },
			// It leaves after a quarter of minute 2; the other takes over.
			nodes: [
				series("old", minute(2), [0, 1, 2], [12, 12, 3]),
				series("new", null, [2, 3], [9, 12]),
			],
		};
		const values = (...args: [Parameters<typeof reading>[0], typeof sum]) =>
			overall(metrics, "", reading(args[0]), args[1]).series[0]?.values;
		expect(values("clients", sum)).toEqual([400, 400, 400, 400]);
		expect(values("keys", sumOfShards)).toEqual([7, 7, 7, 7]);
		const { series: lines } = byNode(metrics, reading("clients"));
		expect(lines).toEqual([{ label: "orders-001", values: [400, 400, 400, 400] }]);
	});

	it("of the whole cache count the data of primaries, and of a replica only in a primary's place", () => {
		const [first] = METRICS.nodes;
		if (first === undefined) throw new Error("a node wanted");
		const at = [...first.at, "2026-11-23T12:00:10.000Z"];
		const node = (
			id: string,
			memoryUsedBytes: number[],
			replicationLagBytes: (number | null)[],
		) => ({
			...{ ...first, id, at },
			values: { memoryUsedBytes, replicationLagBytes },
		});
		// The second takes over after the first reading; at the third, the primary's reading is missing.
		const before = node("1", [50, 51, 52], [null, 0, 0]);
		const after = node("2", [60, 61, 62], [0, null, 0]);
		const nodes = [before, after, { ...node("3", [7, 7, 7], [null, null, null]), shard: "0002" }];
		const { series } = overall({ ...METRICS, nodes }, "", reading("memoryUsedBytes"), sumOfShards);
		expect(series[0]?.values).toEqual([57, 68, 69]);
	});

	it("of the whole cache break where nothing was sampled for a long time", () => {
		const [first] = METRICS.nodes;
		if (first === undefined) throw new Error("a node wanted");
		const late = { ...first, at: ["2026-11-23T12:00:00.000Z", "2026-11-23T12:01:00.000Z"] };
		const { series } = overall({ ...METRICS, nodes: [late] }, "Clients", reading("clients"), sum);
		expect(series[0]?.values).toEqual([3, null, 4]);
	});

	it("have no hit rate without reads", () => {
		expect(byNode(METRICS, readHitRate).series[0]?.values).toEqual([
			0.9,
			undefined,
			null,
			undefined,
		]);
	});

	it("know their newest measured value", () => {
		expect(newest([1, 2, null])).toBe(2);
		expect(newest([null])).toBeNull();
	});

	it("of several selections share one axis", () => {
		const charts = METRICS.nodes.map(({ node, shard }) =>
			overall(ofShard(METRICS, shard), node, reading("clients"), sum),
		);
		const { times, series } = sideBySide(charts);
		expect(times).toHaveLength(2);
		expect(series.map(({ label }) => label)).toEqual(["orders-001", "orders-002"]);
		expect(series[0]?.values).toEqual([3, 4]);
		expect(series[1]?.values[0]).toBe(1);
	});

	it("give a share of sums, not a mean of shares", () => {
		const hits = overall(METRICS, "Hits", reading("hitsPerSecond"), sum);
		const misses = overall(METRICS, "Misses", reading("missesPerSecond"), sum);
		expect(shareOf("Hit rate", hits, misses).series[0]?.values).toEqual([0.9, null]);
	});
});
