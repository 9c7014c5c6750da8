import { expect, test } from "vitest";
import { NO_LIMITS } from "../../contract/serverless.ts";
import type { CacheModel, ElasticModel, NodeModel } from "./model.ts";
import { planDiscovery } from "./plan-discovery.ts";
import { planSize } from "./plan-size.ts";
import { CALM, cache, NOW, node, running } from "./testing/models.ts";

const { engineState } = running("primary");
const serving = {
	...running("primary"),
	engineState: engineState ? { ...engineState, role: "node" as const } : null,
};
const member = (index: number, changes: Partial<NodeModel> = {}): NodeModel => ({
	...node(index, serving),
	...changes,
});
const late = { generation: 9 };

function model(nodes: NodeModel[], listed: string[], changes: Partial<CacheModel> = {}) {
	const elastic = { protocol: null, limits: NO_LIMITS, sleep: null } as unknown as ElasticModel;
	const shard = { id: "s1", index: 0, slots: null, primaryNodeId: null, ...CALM, nodes };
	return cache(nodes, {
		...{ engine: "memcached", elastic, discoveryNodeIds: listed, nodesPerShard: nodes.length },
		...{ everAvailable: true, shards: [shard], ...changes },
	});
}

const listOf = (of: CacheModel) =>
	planDiscovery(of).flatMap((action) =>
		action.kind === "publish-discovery" ? [action.nodeIds] : [],
	)[0] ?? of.discoveryNodeIds;
const kinds = (of: CacheModel) => planSize(of, NOW).map(({ kind }) => kind);

test("nodes join at the end, and count one by one once all proxies know them", () => {
	const [third, fourth] = [member(3, { joining: true }), member(4, { joining: true })];
	const both = [member(1), member(2), third, fourth];
	expect(listOf(model(both, ["n1", "n2"]))).toEqual(["n1", "n2", "n3", "n4"]);
	expect(planSize(model(both, ["n1", "n2"]), NOW)).toEqual([]);
	const listed = ["n1", "n2", "n3", "n4"];
	expect(planSize(model(both, listed), NOW)).toEqual([{ kind: "join-node", nodeId: "n3" }]);
	expect(planSize(model([member(1, late), member(2), third, fourth], listed), NOW)).toEqual([]);
});

test("a node that leaves stays listed until all proxies know that it doesn't count, and stops after that", () => {
	const leaving = member(3, { leavingAt: NOW });
	const listed = ["n1", "n2", "n3"];
	const size = { nodesPerShard: 2 };
	expect(listOf(model([member(1), member(2, late), leaving], listed, size))).toEqual(listed);
	const told = model([member(1), member(2), leaving], listed, size);
	expect(listOf(told)).toEqual(["n1", "n2"]);
	expect(kinds(told)).not.toContain("retire");
	expect(kinds(model([member(1), member(2), leaving], ["n1", "n2"], size))).toContain("retire");
	// The last of the list is the one to leave.
	const next = planSize(model([member(1), member(2), member(3)], ["n3", "n1", "n2"], size), NOW);
	expect(next).toEqual([{ kind: "leave-node", nodeId: "n2" }]);
});

test("a dead node keeps its place, and its successor takes it", () => {
	const dead = member(1, { observation: null });
	expect(listOf(model([dead, member(2)], ["n1", "n2"]))).toEqual(["n1", "n2"]);
	expect(listOf(model([member(2), member(7)], ["n1", "n2"]))).toEqual(["n7", "n2"]);
	expect(listOf(model([member(2), member(3)], ["n1", "n2", "n3"]))).toEqual(["n3", "n2"]);
});

test("a new cache's nodes are listed together, so that no key moves", () => {
	const young = { everAvailable: false };
	const starting = member(2, { observation: null });
	expect(listOf(model([member(1), starting], [], young))).toEqual([]);
	expect(listOf(model([member(1), member(2)], [], young))).toEqual(["n1", "n2"]);
});
