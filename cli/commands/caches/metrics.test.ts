import { expect, it } from "vitest";
import type { CacheMetrics } from "../../../server/contract/index.ts";
import { describeMetrics } from "./metrics.ts";

const at = ["2026-01-01T00:00:00.000Z", "2026-01-01T00:00:05.000Z"];

function metrics(nodes: CacheMetrics["nodes"]): CacheMetrics {
	return {
		range: "15m",
		resolutionSeconds: 5,
		from: "2025-12-31T23:45:05.000Z",
		to: "2026-01-01T00:00:05.000Z",
		nodes,
	};
}

const primary: CacheMetrics["nodes"][number] = {
	...{ id: "1", node: "orders-001", shard: "0001", leftAt: null },
	role: "primary",
	at,
	values: {
		opsPerSecond: [300, 100],
		memoryUsedBytes: [1_048_576, 2_097_152],
		memoryMaxBytes: [402_653_184, 402_653_184],
		hitsPerSecond: [1.234, null],
		replicationLagBytes: [null, null],
	},
};

it("metrics are a row for each node, newest values; what wasn't measured is a dash", () => {
	const replica = { ...primary, node: "orders-002", role: "replica" as const };
	const [head, first, second] = describeMetrics(metrics([primary, replica]), false).split("\n");
	expect(head).not.toContain("VALUE");
	expect(head).toMatch(/^NODE +ROLE +MEMORY +OF +KEYS .* LAG$/);
	expect(first).toMatch(/^orders-001 +primary +2 MiB +384 MiB +- +- +100 +1\.23 .* -$/);
	expect(second).toMatch(/^orders-002 +replica/);
});

it("over a range, each node has its newest, mean and highest values", () => {
	const lines = describeMetrics(metrics([primary]), true).split("\n");
	expect(lines.slice(1, 4)).toEqual([
		expect.stringMatching(/^orders-001 +primary +newest +2 MiB .* 100 /),
		expect.stringMatching(/^orders-001 +primary +mean +1\.5 MiB .* 200 /),
		expect.stringMatching(/^orders-001 +primary +highest +2 MiB .* 300 /),
	]);
});

it("a range without samples says so", () => {
	expect(describeMetrics(metrics([{ ...primary, at: [], values: {} }]), true)).toContain(
		"No samples",
	);
});
