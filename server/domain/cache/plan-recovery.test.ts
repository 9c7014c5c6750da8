import { describe, expect, it } from "vitest";
import type { CacheModel, HostModel, NodeModel } from "./model.ts";
import { planCache } from "./plan-cache.ts";
import { cache, dead, host, NOW, node, orphan, running } from "./testing/models.ts";

/** The order in a plan, with its candidates. */
function orderOf(model: CacheModel) {
	return planCache(model, NOW).actions.find((action) => action.kind === "order-failover");
}

describe("a dead primary", () => {
	it("is replaced by the replica with the best offset", () => {
		const nodes = [node(1, dead), node(2, orphan(90)), node(3, orphan(120))];
		expect(orderOf(cache(nodes))).toMatchObject({
			failover: "unplanned",
			fromState: "dead",
			candidateIds: ["n3", "n2"],
			takeover: false,
		});
		expect(planCache(cache(nodes), NOW).status).toBe("unavailable");
	});

	it("gets one order at a time, and none while a Sentinel is failing over", () => {
		const nodes = [node(1, dead), node(2, orphan(90))];
		const model = cache(nodes);
		const ordered = model.shards.map((shard) => ({
			...shard,
			order: { kind: "unplanned" as const, fresh: true },
		}));
		expect(orderOf({ ...model, shards: ordered })).toBeUndefined();
		expect(orderOf({ ...model, sentinelFailingOver: true })).toBeUndefined();
	});

	it("waits for the result of an order that has just been carried out", () => {
		const model = cache([node(1, dead), node(2, running("primary"))]);
		const ordered = (fresh: boolean) => ({
			...model,
			shards: model.shards.map((shard) => ({
				...shard,
				order: { kind: "unplanned" as const, fresh },
			})),
		});
		expect(planCache(ordered(true), NOW).actions).toEqual([]);
		expect(planCache(ordered(false), NOW).actions).toMatchObject([{ kind: "adopt-primary" }]);
	});

	it("is never replaced by a replica without data", () => {
		const empty = node(3, orphan(500), { hasSynced: false });
		const model = cache([node(1, dead), node(2, orphan(90)), empty]);
		expect(orderOf(model)).toMatchObject({ candidateIds: ["n2"] });
	});

	it("starts again with what its files hold, unless a replica has synced", () => {
		const files = { ...dead, persisted: true };
		const kept = node(2, { ...orphan(50), keptData: true }, { hasSynced: false });
		const permit = [{ kind: "permit-launch", nodeId: "n1" }];
		const after = (replica: NodeModel) =>
			planCache(cache([node(1, files, { goneForCertain: true }), replica]), NOW).actions;
		expect(after(kept)).toMatchObject(permit);
		expect(after(node(2, orphan(50), { hasSynced: false }))).toMatchObject(permit);
		expect(after(node(2, dead))).toMatchObject(permit);
		expect(after(node(2, orphan(90)))).toMatchObject([{ kind: "order-failover" }]);
		const hidden = host(2, { online: false, suspect: true });
		expect(after(node(2, orphan(90), { host: hidden }))).toEqual([]);
	});

	it("is replaced by the node that the engines have as their primary", () => {
		const plan = planCache(cache([node(1, dead), node(2, running("primary"))]), NOW);
		expect(plan.actions).toMatchObject([{ kind: "adopt-primary", nodeId: "n2" }]);
	});

	it("is replaced by the node that an order promoted, even if it comes back unchanged", () => {
		const model = cache([node(1, running("primary")), node(2, running("primary"))]);
		const led = (ledBy: string | null) => ({
			...model,
			shards: model.shards.map((shard) => ({ ...shard, ledBy })),
		});
		const adopted = [{ kind: "adopt-primary", nodeId: "n2" }];
		expect(planCache(led("n2"), NOW).actions).toMatchObject(adopted);
		for (const ledBy of [null, "n1"]) expect(planCache(led(ledBy), NOW).actions).toEqual([]);
	});

	it("doesn't start again while a replica that may hold the data can't be seen", () => {
		const hidden = node(2, orphan(90), { host: host(2, { online: false, suspect: true }) });
		const plan = planCache(cache([node(1, dead), hidden]), NOW);
		expect(plan.actions).toEqual([]);
		expect(plan.statusReason).toContain("h2");
	});

	it("starts in place if no node holds the data", () => {
		const plan = planCache(cache([node(1, dead), node(2, dead, { hasSynced: false })]), NOW);
		expect(plan.actions).toEqual([{ kind: "permit-launch", nodeId: "n1" }]);
	});

	it("starts in place only after the other hosts have reported since", () => {
		const justDead = node(1, dead, { goneForCertain: false });
		const plan = planCache(cache([justDead, node(2, dead, { hasSynced: false })]), NOW);
		expect(plan.actions).toEqual([]);
		expect(plan.statusReason).toContain("waits for the other hosts' reports");
		// A sole node has no other hosts to wait for.
		expect(planCache(cache([justDead]), NOW).actions).toEqual([
			{ kind: "permit-launch", nodeId: "n1" },
		]);
	});

	it("gets only one launch permit for an exit", () => {
		const plan = planCache(cache([node(1, dead, { launchPermit: 2 }), node(2, dead)]), NOW);
		expect(plan.actions).toEqual([]);
	});

	it("waits for a person if automatic failover is off", () => {
		const model = cache([node(1, dead), node(2, orphan(90))], { automaticFailover: false });
		expect(planCache(model, NOW).actions).toEqual([]);
		expect(planCache(model, NOW).statusReason).toContain("promote a replica to continue");
		expect(orderOf({ ...model, promotionRequested: true })).toMatchObject({
			candidateIds: ["n2"],
		});
	});
});

describe("a shard whose data no node is known to hold", () => {
	const unsynced = (overrides: Parameters<typeof node>[2] = {}) =>
		node(2, orphan(0), { hasSynced: false, ...overrides });

	it("is asked once more by an order, since a replica may have synced after its last report", () => {
		expect(orderOf(cache([node(1, dead), unsynced()]))).toMatchObject({
			fromState: "lost",
			candidateIds: ["n2"],
		});
		expect(planCache(cache([node(1, dead), node(2, dead)]), NOW).actions).toMatchObject([
			{ kind: "permit-launch", nodeId: "n1" },
		]);
	});

	it("waits for a member that hangs or can't be seen", () => {
		const hung = node(2, { phase: "running", pid: 7 }, { hasSynced: false });
		const hidden = unsynced({ host: host(2, { suspect: true, online: false }) });
		const unknown = node(2, null);
		for (const member of [hung, hidden, unknown]) {
			const plan = planCache(cache([node(1, dead), member]), NOW);
			expect(plan.actions).toEqual([]);
			expect(plan.statusReason).toContain("may hold its data");
		}
	});

	it("is led by a node with data kept through a reboot before anything starts empty", () => {
		const kept = node(2, { ...orphan(50), keptData: true }, { hasSynced: false });
		expect(orderOf(cache([node(1, dead), kept]))).toMatchObject({
			fromState: "dead",
			candidateIds: ["n2"],
		});
		const rebooting = node(2, { phase: "rebooting", pid: null, keptData: true });
		expect(planCache(cache([node(1, dead), rebooting]), NOW).actions).toEqual([]);
	});

	it("gets a primary again when all its members run as replicas of each other", () => {
		const both = [node(1, orphan(0), { hasSynced: false, hasLed: false }), unsynced()];
		const [first] = both;
		if (first?.observation?.engineState != null) {
			first.observation.engineState.primaryHost = "10.0.0.2";
		}
		expect(orderOf(cache(both))).toMatchObject({ fromState: "lost" });
	});
});

describe("a primary that is reported as a replica", () => {
	it("is asked before another is promoted, and is left alone if it has never led", () => {
		const stray = running("replica", { primaryHost: "127.0.0.1", primaryPort: 1, linkUp: false });
		const nodes = (hasLed: boolean) => [
			node(1, stray, { hasLed, hasSynced: false }),
			node(2, running("replica")),
		];
		expect(orderOf(cache(nodes(true)))).toMatchObject({
			fromState: "demoted",
			candidateIds: ["n2"],
		});
		expect(orderOf(cache(nodes(false)))).toBeUndefined();
	});
});

describe("a primary that can't be reached", () => {
	const late = host(1, { suspect: true });
	const gone = host(1, { suspect: true, online: false });

	it("is replaced if it doesn't answer the new one's host either, and stays if it does", () => {
		const nodes = (at: HostModel) => [
			node(1, running("primary"), { host: at }),
			node(2, running("replica")),
		];
		expect(orderOf(cache(nodes(late)))).toMatchObject({
			fromState: "silent",
			candidateIds: ["n2"],
		});
		expect(planCache(cache(nodes(late)), NOW).status).toBe("available");
		expect(orderOf(cache(nodes(gone)))).toMatchObject({ fromState: "silent" });
		expect(planCache(cache(nodes(gone)), NOW).status).toBe("degraded");
	});

	it("is replaced, whether or not it answers, once its host is given up", () => {
		const givenUp = { ...gone, lost: true, lossConfirmed: true };
		const nodes = [node(1, running("primary"), { host: givenUp }), node(2, running("replica"))];
		expect(orderOf(cache(nodes))).toMatchObject({ fromState: "dead", candidateIds: ["n2"] });
	});

	it("is left alone if automatic failover is off", () => {
		const nodes = [node(1, running("primary"), { host: gone }), node(2, running("replica"))];
		expect(orderOf(cache(nodes, { automaticFailover: false }))).toBeUndefined();
	});

	it("is ended once it has run for too long without answering, so that it can't come back to life", () => {
		const hung = (sinceMs: number, busy = false) =>
			node(1, {
				...{ ...running("primary"), engineState: null, busy },
				silentSince: new Date(NOW.getTime() - sinceMs).toISOString(),
			});
		const model = (sinceMs: number) => cache([hung(sinceMs), node(2, running("replica"))]);
		expect(planCache(model(1_000), NOW).actions).toEqual([]);
		expect(planCache(model(10_000), NOW).actions).toEqual([{ kind: "end-hung", nodeId: "n1" }]);
		expect(planCache(cache([hung(10_000)]), NOW).actions).toEqual([]);
		const busy = planCache(cache([hung(50_000, true), node(2, running("replica"))]), NOW);
		expect(busy).toMatchObject({ actions: [], status: "unavailable" });
	});
});

describe("a host whose agent needs an upgrade", () => {
	const foreign = { host: host(1, { online: false, suspect: true, needsUpgrade: true }) };

	it("keeps its primary, which can't be seen", () => {
		const model = cache([node(1, running("primary"), foreign), node(2, orphan(90))]);
		const plan = planCache(model, NOW);
		expect(plan.actions).toEqual([]);
		expect(plan.status).toBe("degraded");
	});

	it("doesn't keep Larder from recording the primary that the engines have chosen", () => {
		const model = cache([node(1, running("primary"), foreign), node(2, running("primary"))]);
		expect(planCache(model, NOW).actions).toMatchObject([{ kind: "adopt-primary", nodeId: "n2" }]);
	});

	it("is given no order", () => {
		const away = { host: { ...foreign.host, id: "h2", name: "h2" } };
		const nodes = [node(1, dead), node(2, orphan(120), away), node(3, orphan(90))];
		expect(orderOf(cache(nodes))).toMatchObject({ candidateIds: ["n3"] });
	});
});

describe("a shard without slots, which is coming or going", () => {
	const inCluster = (primaryNodeId: string | null) => {
		const cluster = {
			ok: true,
			view: "",
			slots: "",
			keys: 0,
			primaryNodeId,
			nodeId: "",
			moves: [],
		};
		return running(primaryNodeId === null ? "primary" : "replica", { cluster });
	};
	const planOf = (nodes: CacheModel["shards"][number]["nodes"]) => {
		const model = cache([...nodes], { clusterMode: "enabled" });
		const shards = model.shards.map((shard) => ({ ...shard, slots: "" }));
		return planCache({ ...model, shards }, NOW).actions;
	};

	it("is led by the node that its former primary follows after a failover", () => {
		const actions = planOf([node(1, inCluster("c2")), node(2, inCluster(null))]);
		expect(actions).toContainEqual(
			expect.objectContaining({ kind: "adopt-primary", nodeId: "n2" }),
		);
	});

	it("isn't led by a new node that has yet to follow its primary", () => {
		const actions = planOf([node(1, inCluster("c9")), node(2, inCluster(null))]);
		expect(actions).not.toContainEqual(expect.objectContaining({ kind: "adopt-primary" }));
	});
});
