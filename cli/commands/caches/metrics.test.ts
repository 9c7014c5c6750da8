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

it("metrics show a row of newest values for each node, and a dash for what wasn't measured", () => {
	const replica = { ...primary, node: "orders-002", role: "replica" as const };
	const [head, first, second] = describeMetrics(metrics([primary, replica]), false).split("\n");
	expect(head).not.toContain("VALUE");
	expect(head).toMatch(/^NODE +ROLE +MEMORY +OF +KEYS .* LAG$/);
	expect(first).toMatch(/^orders-001 +primary +2 MiB +384 MiB +- +- +100 +1\.23 .* -$/);
	expect(second).toMatch(/^orders-002 +replica/);
});

it("newest values come from one round, in which a node that moved also has a row for its former place", () => {
	const later = "2026-01-01T00:00:10.000Z";
	const opsOf = (id: string, times: string[], opsPerSecond: number[], leftAt: string | null) => ({
		...{ ...primary, id, node: id, at: times, leftAt },
		values: { opsPerSecond },
	});
	const nodes = [
		opsOf("old", at, [400, 150], later),
		opsOf("new", [at[1] ?? "", later], [250, 400], null),
		// Its host reports the round a moment later than the other's.
		opsOf("replica", at, [0, 3], null),
		opsOf("long-gone", at.slice(0, 1), [7], later),
	];
	const rows = describeMetrics(metrics(nodes), false).split("\n").slice(1, 5);
	expect(rows).toEqual([
		expect.stringMatching(/^old +left .* 150 /),
		expect.stringMatching(/^new +primary .* 250 /),
		expect.stringMatching(/^replica +primary .* 3 /),
		"",
	]);
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
