import { describe, expect, it } from "vitest";
import type { NodeModel } from "./model.ts";
import { planCache } from "./plan-cache.ts";
import { planFailover } from "./plan-failover.ts";
import { cache, healthy, host, NOW, node, running } from "./testing/models.ts";

describe("a planned failover", () => {
	const asked = (nodes: NodeModel[], toNodeId: string | null, overrides = {}) => {
		const model = cache(nodes);
		const shards = model.shards.map((shard) => ({
			...shard,
			failover: { toNodeId, cause: null },
			...overrides,
		}));
		return planCache({ ...model, shards }, NOW).actions;
	};

	it("goes to the named node, or else to one whose host isn't draining", () => {
		expect(asked(healthy(), "n3")).toMatchObject([
			{ kind: "order-failover", failover: "planned", candidateIds: ["n3", "n2"] },
		]);
		const nodes = healthy();
		nodes[1] = node(2, running("replica"), { host: host(2, { draining: true }) });
		expect(asked(nodes, null)).toMatchObject([{ candidateIds: ["n3", "n2"] }]);
	});

	it("is given up, with the reason, if it isn't possible", () => {
		const nodes = healthy();
		nodes[2] = node(3, running("replica", { linkUp: false }));
		expect(asked(nodes, "n3")).toMatchObject([
			{ kind: "drop-failover", reason: "orders-003 is not in sync" },
		]);
		const refused = { kind: "unplanned" as const, message: "it answers" };
		expect(asked(healthy(), null, { orderProblem: refused })).toMatchObject([
			{ kind: "order-failover" },
		]);
		const failed = { kind: "planned" as const, message: "it took too long" };
		expect(asked(healthy(), null, { orderProblem: failed })).toMatchObject([
			{ kind: "drop-failover", reason: "it took too long" },
		]);
	});

	it("waits until no slots are on their way", () => {
		const moving = (held: boolean, generation: number, moves: { id: string; problem: null }[]) => {
			const cluster = {
				nodeId: "",
				ok: true,
				view: "",
				primaryNodeId: null,
				slots: "0-16383",
				moves,
			};
			const nodes = [
				node(1, { ...running("primary", { cluster }), generation }),
				...healthy().slice(1),
			];
			const model = cache(nodes, { clusterMode: "enabled" });
			const [shard] = model.shards;
			if (shard === undefined) throw new Error("no shard");
			const cursor = {
				phase: "move" as const,
				movingSince: null,
				toMove: 1,
				round: 0,
				held,
				percent: 0,
			};
			const slots = { s0: "0-16383" };
			const input = { before: slots, after: slots, added: [], removed: [], shardsBefore: 1 };
			const operation = {
				...{ id: "op", kind: "rebalance" as const, input, cursor },
				...{ cancelAsked: false, error: null, startedAt: NOW },
			};
			const asking = {
				...model,
				operation,
				shards: [{ ...shard, slots: "0-16383", failover: { toNodeId: "n2" } }],
			};
			return planFailover(asking, asking.shards[0] ?? shard).map(({ kind }) => kind);
		};
		expect(moving(false, 1, [])).toEqual([]);
		expect(moving(true, 1, [{ id: "open", problem: null }])).toEqual([]);
		// Its agent has seen only an earlier assignment.
		expect(moving(true, 0, [])).toEqual([]);
		expect(moving(true, 1, [])).toHaveLength(1);
	});

	it("waits for the pending order", () => {
		expect(asked(healthy(), null, { order: { kind: "planned", fresh: true } })).toEqual([]);
	});
});
