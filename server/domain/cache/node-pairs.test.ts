import { describe, expect, it } from "vitest";
import { nodeLabel } from "./node-label.ts";
import { visibleNodes } from "./node-pairs.ts";
import { cache, node, running } from "./testing/models.ts";

/** orders-001 moves from h1 to h9; orders-002 stays. */
function moving(leaderId: string, removed = false) {
	const { shards } = cache([
		node(1, running("primary"), { removed }),
		node(2, running("replica")),
		node(9, running("replica"), { name: "orders-001", replacesNodeId: removed ? null : "n1" }),
	]);
	const [shard] = shards;
	if (shard === undefined) throw new Error("a cache has a shard");
	return { ...shard, primaryNodeId: leaderId };
}

describe("a node that moves", () => {
	it("appears as one node: at its old place, until the node at its new place leads", () => {
		const move = { from: "h1", to: "h9" };
		expect(visibleNodes(moving("n1"))).toMatchObject([
			{ node: { id: "n1" }, move },
			{ node: { id: "n2" }, move: null },
		]);
		expect(visibleNodes(moving("n9"))).toMatchObject([
			{ node: { id: "n9" }, move },
			{ node: { id: "n2" }, move: null },
		]);
	});

	it("appears at its old place while neither of the two is primary", () => {
		expect(visibleNodes(moving("n2"))[0]).toMatchObject({ node: { id: "n1" } });
	});

	it("appears at its new place once the old node is removed", () => {
		expect(visibleNodes(moving("n2", true))[0]).toMatchObject({ node: { id: "n9" }, move: null });
	});

	it("is named with its host in messages, and others aren't", () => {
		const { nodes } = moving("n1");
		expect(nodes.map((each) => nodeLabel(each, nodes))).toEqual([
			"orders-001 on h1",
			"orders-002",
			"orders-001 on h9",
		]);
	});
});
