import { describe, expect, it } from "vitest";
import type { CacheMetrics } from "../../../server/contract/metrics.ts";
import {
	byNode,
	newest,
	ofNodes,
	overall,
	readHitRate,
	reading,
	shareOf,
	sideBySide,
	sum,
} from "./series.ts";

const METRICS: CacheMetrics = {
	range: "15m",
	resolutionSeconds: 5,
	from: "2026-11-23T12:00:00.000Z",
	to: "2026-11-23T12:00:15.000Z",
	nodes: [
		{
			node: "orders-001",
			role: "primary",
			at: ["2026-11-23T12:00:00.000Z", "2026-11-23T12:00:05.000Z"],
			values: { clients: [3, 4], hitsPerSecond: [9, 0], missesPerSecond: [1, 0] },
		},
		{
			node: "orders-002",
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

	it("break where a node wasn't sampled for long", () => {
		const [first, second] = METRICS.nodes;
		if (first === undefined || second === undefined) throw new Error("two nodes wanted");
		const late = { ...second, at: ["2026-11-23T12:00:01.000Z", "2026-11-23T12:00:41.000Z"] };
		const late2 = { ...late, values: { clients: [1, 2] } };
		const { series } = byNode({ ...METRICS, nodes: [first, late2] }, reading("clients"));
		expect(series[1]?.values).toEqual([undefined, 1, null, 2]);
	});

	it("overall add up nodes, each with its newest sample", () => {
		const { series } = overall(METRICS, "Clients", reading("clients"), sum);
		expect(series[0]?.values).toEqual([4, 5]);
	});

	it("overall break where nothing was sampled for long", () => {
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
		const charts = METRICS.nodes.map(({ node }) =>
			overall(ofNodes(METRICS, new Set([node])), node, reading("clients"), sum),
		);
		const { times, series } = sideBySide(charts);
		expect(times).toHaveLength(2);
		expect(series.map(({ label }) => label)).toEqual(["orders-001", "orders-002"]);
		expect(series[0]?.values).toEqual([3, 4]);
		expect(series[1]?.values[0]).toBe(1);
	});

	it("tell a share of sums, not a mean of shares", () => {
		const hits = overall(METRICS, "Hits", reading("hitsPerSecond"), sum);
		const misses = overall(METRICS, "Misses", reading("missesPerSecond"), sum);
		expect(shareOf("Hit rate", hits, misses).series[0]?.values).toEqual([0.9, null]);
	});
});
