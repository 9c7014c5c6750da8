import { expect, it } from "vitest";
import { partsOf } from "./parts-of-change.ts";

it("the parts of a change follow one another in the order that suits them", () => {
	const kinds = (order: Parameters<typeof partsOf>[1]) =>
		partsOf({ ...whole, weightBy: "bytes", acceptIrreversible: true }, order).map(
			({ kind, changes }) => [kind, ...Object.keys(changes).sort()],
		);
	const whole = {
		...{ shards: 2, replicasPerShard: 2, nodeType: "cache.t4g.small", multiAz: true },
		moves: [{ node: "orders-0001-001", zone: "b" }],
	};
	const shape = ["acceptIrreversible", "multiAz", "nodeType", "replicasPerShard"];
	const [shards, moves] = [
		["shards", "shards", "weightBy"],
		["moves", "moves"],
	];
	expect(kinds("nodes-first")).toEqual([["shape", ...shape], shards, moves]);
	expect(kinds("shards-first")).toEqual([shards, ["shape", ...shape], moves]);
	expect(kinds("size-last")).toEqual([
		["shape", "acceptIrreversible", "nodeType"],
		shards,
		["shape", "multiAz", "replicasPerShard"],
		moves,
	]);
	const mode = {
		clusterMode: "enabled",
		parameterGroup: "own",
		nodeType: "cache.t4g.small",
	} as const;
	expect(
		partsOf({ ...mode, shards: 3, acceptIrreversible: true }, "mode-first").map(
			({ kind, changes }) => [kind, ...Object.keys(changes).sort()],
		),
	).toEqual([
		["shape", "acceptIrreversible", "nodeType"],
		["mode", "acceptIrreversible", "clusterMode", "parameterGroup"],
		["shards", "shards"],
	]);
	expect(partsOf({ shards: 3, acceptIrreversible: true }, "size-last")).toHaveLength(1);
});
