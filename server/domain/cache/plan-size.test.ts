import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DISCOVERY_POLL_MS } from "../../contract/limits.ts";
import type { CacheModel, NodeModel, PlanAction } from "./model.ts";
import { planCache } from "./plan-cache.ts";
import { isSized, planSize } from "./plan-size.ts";
import { cache, dead, gateway, host, NOW, node, running } from "./testing/models.ts";

const syncing = () => running("replica", { linkUp: false, synced: false });

/** A primary on h1 and replicas on further hosts, in the zones with these numbers. */
function shardIn(
	zones: readonly number[],
	change: (index: number) => Partial<NodeModel> = () => ({}),
) {
	return zones.map((zone, at) =>
		node(at + 1, running(at === 0 ? "primary" : "replica"), {
			host: host(at + 1, { zone: `zone-${zone}` }),
			...change(at + 1),
		}),
	);
}

const plan = (nodes: NodeModel[], nodesPerShard: number, overrides: Partial<CacheModel> = {}) =>
	planSize(cache(nodes, { nodesPerShard, resizing: true, ...overrides }), NOW);

describe("growth", () => {
	it("adds all missing nodes together, and counts each once it is in sync", () => {
		const [primary, ...replicas] = shardIn([1, 2, 3]);
		if (primary === undefined) throw new Error("no primary");
		expect(plan([primary], 3)).toEqual([
			{ kind: "add-nodes", shards: [{ shardId: "s1", count: 2 }] },
		]);
		const joining = replicas.map((each) => ({ ...each, joining: true }));
		expect(plan([primary, ...joining], 3)).toEqual([
			{ kind: "join-node", nodeId: "n2" },
			{ kind: "join-node", nodeId: "n3" },
		]);
		const copying = node(2, syncing(), { joining: true });
		expect(plan([primary, copying], 2)).toEqual([]);
	});

	it("waits for a primary, for moves, and in safe mode", () => {
		expect(plan([node(1, dead)], 2)).toEqual([]);
		expect(plan(shardIn([1]), 2, { safeMode: true })).toEqual([]);
		const moving = node(2, running("primary"), { replacesNodeId: "n1" });
		expect(plan([...shardIn([1]), moving], 2)).toEqual([]);
	});

	it("removes a new node whose host is drained or lost, instead of replacing it", () => {
		const lost = host(2, { lost: true, online: false });
		const nodes = [...shardIn([1]), node(2, null, { joining: true, host: lost })];
		const model = cache(nodes, { nodesPerShard: 2, resizing: true });
		const { actions } = planCache(model, NOW);
		expect(actions).toEqual([{ kind: "leave-node", nodeId: "n2" }]);
	});
});

describe("the node that leaves", () => {
	const leaver = (nodes: NodeModel[], overrides: Partial<CacheModel> = {}) =>
		plan(nodes, nodes.length - 1, overrides);

	it("is never the primary, and leaves the best spread over zones", () => {
		expect(leaver(shardIn([1, 2]))).toEqual([{ kind: "leave-node", nodeId: "n2" }]);
		expect(leaver(shardIn([1, 2, 1, 3]))).toEqual([{ kind: "leave-node", nodeId: "n3" }]);
		expect(leaver(shardIn([1, 2, 2, 3]))).toEqual([{ kind: "leave-node", nodeId: "n3" }]);
		expect(leaver(shardIn([1, 2, 3]))).toEqual([{ kind: "leave-node", nodeId: "n3" }]);
	});

	it("is one that has to go or isn't well, if there is one, and nothing replaces it", () => {
		const draining = shardIn([1, 2, 3], (index) =>
			index === 2 ? { host: host(2, { draining: true }) } : {},
		);
		const model = cache(draining, { nodesPerShard: 2, resizing: true });
		expect(planCache(model, NOW).actions).toEqual([{ kind: "leave-node", nodeId: "n2" }]);
		const [primary, , third] = shardIn([1, 2, 3]);
		if (primary === undefined || third === undefined) throw new Error("no nodes");
		expect(leaver([primary, node(2, dead), third])).toEqual([{ kind: "leave-node", nodeId: "n2" }]);
	});

	it("hands over first, if it leads on a host that is drained", () => {
		const nodes = shardIn([1, 2], (index) =>
			index === 1 ? { host: host(1, { draining: true }) } : {},
		);
		expect(leaver(nodes)).toMatchObject([{ kind: "request-failover", toNodeId: null }]);
	});

	it("stays while no synced primary serves", () => {
		const [, ...replicas] = shardIn([1, 2, 3]);
		expect(leaver([node(1, dead), ...replicas])).toEqual([]);
	});

	it("stops once all gateways know; Memcached's a minute after clients could know", () => {
		const leaving = (at: Date) =>
			shardIn([1, 2], (index) => (index === 2 ? { leavingAt: at } : {}));
		const retire = [{ kind: "retire", nodeId: "n2" }];
		expect(plan(leaving(NOW), 1, { gateways: [{ ...gateway, informed: false }] })).toEqual([]);
		expect(plan(leaving(NOW), 1)).toEqual(retire);
		const alike = { engine: "memcached" as const };
		expect(plan(leaving(NOW), 1, alike)).toEqual([]);
		expect(plan(leaving(new Date(NOW.getTime() - DISCOVERY_POLL_MS)), 1, alike)).toEqual(retire);
	});

	it("stays after all if it is wanted again, or was elected", () => {
		const nodes = shardIn([1, 2], (index) => (index === 2 ? { leavingAt: NOW } : {}));
		expect(plan(nodes, 2)).toEqual([{ kind: "keep-node", nodeId: "n2" }]);
		const elected = shardIn([1, 2, 3], (index) => (index === 1 ? { leavingAt: NOW } : {}));
		expect(plan(elected, 2)).toEqual([{ kind: "keep-node", nodeId: "n1" }]);
	});
});

describe("any sequence of requested sizes", () => {
	const wishes = fc.array(
		fc.record({
			wanted: fc.integer({ min: 1, max: 6 }),
			passes: fc.integer({ min: 0, max: 4 }),
			slow: fc.boolean(),
			uninformed: fc.boolean(),
			elects: fc.boolean(),
		}),
		{ maxLength: 8 },
	);

	it("ends with the wanted number of nodes, and never removes the primary or a node that readers use", () => {
		fc.assert(
			fc.property(wishes, (history) => {
				const world = new SmallWorld();
				for (const { wanted, passes, slow, uninformed, elects } of history) {
					world.wanted = wanted;
					world.informed = !uninformed;
					if (elects) world.elect();
					for (let pass = 0; pass < passes; pass++) world.pass(slow);
				}
				world.informed = true;
				for (let pass = 0; pass < 20; pass++) world.pass(false);
				expect(isSized(world.model())).toBe(true);
				expect(world.nodes).toHaveLength(world.wanted);
				expect(planSize(world.model(), NOW)).toEqual([]);
			}),
			{ numRuns: 100 },
		);
	});
});

/** One shard on as many hosts as it likes, in three zones. */
class SmallWorld {
	wanted = 1;
	informed = true;
	nodes: NodeModel[] = shardIn([1]);
	#primaryId = "n1";
	#made = 1;

	model(): CacheModel {
		const model = cache(this.nodes, { nodesPerShard: this.wanted, resizing: true });
		const shards = model.shards.map((shard) => ({ ...shard, primaryNodeId: this.#primaryId }));
		return { ...model, shards, gateways: [{ ...gateway, informed: this.informed }] };
	}

	/** A replica in sync becomes primary, as after the former one's death. */
	elect(): void {
		const heir = this.nodes.find(({ id, joining }) => id !== this.#primaryId && !joining);
		if (heir === undefined) return;
		this.#primaryId = heir.id;
		this.#follow();
	}

	pass(isSlow: boolean): void {
		for (const action of planSize(this.model(), NOW)) this.#apply(action);
		if (!isSlow) this.#follow();
	}

	/** Everything copies from the primary. */
	#follow(): void {
		const address = this.nodes.find(({ id }) => id === this.#primaryId)?.host.address ?? "";
		this.nodes = this.nodes.map((each) => {
			const observed =
				each.id === this.#primaryId
					? running("primary")
					: running("replica", { primaryHost: address });
			const fresh = node(Number(each.id.slice(1)), observed);
			return { ...fresh, host: each.host, joining: each.joining, leavingAt: each.leavingAt };
		});
	}

	#apply(action: PlanAction): void {
		const change = (nodeId: string, to: Partial<NodeModel>) => {
			this.nodes = this.nodes.map((each) => (each.id === nodeId ? { ...each, ...to } : each));
		};
		const found = (nodeId: string) => this.nodes.find(({ id }) => id === nodeId);
		switch (action.kind) {
			case "add-nodes":
				for (let count = action.shards[0]?.count ?? 0; count > 0; count--) {
					this.#made += 1;
					const place = host(this.#made, { zone: `zone-${this.#made % 3}` });
					this.nodes.push(node(this.#made, null, { joining: true, host: place }));
				}
				break;
			case "join-node":
				expect(found(action.nodeId)?.observation?.engineState?.linkUp).toBe(true);
				change(action.nodeId, { joining: false });
				break;
			case "leave-node":
				expect(action.nodeId).not.toBe(this.#primaryId);
				change(action.nodeId, { leavingAt: NOW });
				break;
			case "keep-node":
				change(action.nodeId, { leavingAt: null });
				break;
			case "retire":
				expect(action.nodeId).not.toBe(this.#primaryId);
				expect(found(action.nodeId)?.leavingAt).not.toBeNull();
				expect(this.informed).toBe(true);
				this.nodes = this.nodes.filter(({ id }) => id !== action.nodeId);
				break;
			default:
				throw new Error(`unexpected ${action.kind}`);
		}
	}
}
