import { describe, expect, it } from "vitest";
import { afterAttempt, blockEvents, standingBlocks } from "./blocks.ts";
import type { Block, PlanAction } from "./model.ts";
import { planCache } from "./plan-cache.ts";
import { cache, host, NOW, node, running } from "./testing/models.ts";

const ADD: PlanAction = { kind: "add-nodes", shards: [{ shardId: "s1", count: 1 }] };
const move = (nodeId: string, optional = false): PlanAction => ({
	...{ kind: "add-replacement", nodeId, empty: false, reason: "", hostIds: null, optional },
});
const block = (step: Block["step"], nodeId: string | null, reason = "No capacity"): Block => ({
	...{ step, nodeId, reason },
});
const nodes = () => [node(1, running("primary")), node(2, running("replica"))];

describe("a block", () => {
	it("is found by an attempt, and vanishes when one succeeds", () => {
		const found = afterAttempt([], ADD, "No capacity");
		expect(found).toEqual([block("add-nodes", null)]);
		expect(afterAttempt(found, move("n1"), "Full")).toEqual([
			...found,
			block("add-replacement", "n1", "Full"),
		]);
		expect(afterAttempt(found, ADD, null)).toEqual([]);
	});

	it("that is found again isn't a change, whatever others there are", () => {
		const both = [block("add-replacement", "n1"), block("add-replacement", "n2")];
		expect(afterAttempt(both, move("n1"), "No capacity")).toEqual(both);
	});

	it("stays while its step is planned", () => {
		const blocked = cache(nodes(), { blocks: [block("add-nodes", null)] });
		expect(standingBlocks(blocked, [ADD])).toEqual(blocked.blocks);
		expect(standingBlocks(blocked, [])).toEqual([]);
	});

	it("of a move stays while its node has to go, or while the plan has another move", () => {
		const drained = node(2, running("replica"), { host: host(2, { draining: true }) });
		const blocks = [block("add-replacement", "n1"), block("add-replacement", "n2")];
		const blocked = cache([node(1, running("primary")), drained], { blocks });
		expect(standingBlocks(blocked, [])).toEqual([block("add-replacement", "n2")]);
		expect(standingBlocks(blocked, [move("n2")])).toEqual(blocks);
		expect(standingBlocks(cache([drained], { blocks }), [move("n2")])).toEqual([
			block("add-replacement", "n2"),
		]);
	});

	it("is reported once, or not at all if the move is optional", () => {
		const model = cache(nodes(), { blocks: [block("add-nodes", null)] });
		const events = (action: PlanAction, reason: string) =>
			blockEvents(model, [action], afterAttempt(model.blocks, action, reason));
		expect(events(ADD, "No capacity")).toEqual([]);
		expect(events(ADD, "No port")).toMatchObject([{ type: "cache.waiting" }]);
		expect(events(move("n2"), "Full")).toMatchObject([
			{ type: "node.move-waiting", nodeName: "orders-002", hostName: "h2" },
		]);
		expect(events(move("n2", true), "Full")).toEqual([]);
	});

	it("is what a cache that has no nodes waits for", () => {
		const unplaced = { everAvailable: false, status: "creating" as const };
		const blocks = [block("place", null)];
		expect(planCache(cache([], { ...unplaced, blocks }), NOW)).toMatchObject({
			...{ statusReason: "No capacity", blocks },
		});
		expect(planCache(cache([], unplaced), NOW)).toMatchObject({ statusReason: null, blocks: [] });
	});
});
