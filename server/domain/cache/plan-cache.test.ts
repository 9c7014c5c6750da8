import { describe, expect, it } from "vitest";
import type { CacheModel, NodeModel, ShardModel } from "./model.ts";
import { planCache } from "./plan-cache.ts";
import {
	CALM,
	cache,
	dead,
	gateway,
	healthy,
	host,
	NOW,
	node,
	orphan,
	running,
} from "./testing/models.ts";

describe("deleting", () => {
	const removed = (index: number, changes: object) => ({
		...node(index, running("replica")),
		removed: true,
		host: host(index, changes),
	});
	const away = { online: false, suspect: true };

	it("waits for a silent host, but not once it counts as lost", () => {
		const model = cache([removed(1, {}), removed(2, away)], { deleting: true });
		const waiting = planCache(model, NOW);
		expect(waiting.actions).toEqual([]);
		expect(waiting.statusReason).toMatch(/Waiting for h2 .* remove it as lost/);
		const gone = [removed(2, { ...away, lost: true })];
		// Hosts that report have confirmed.
		const plan = planCache(cache(gone, { deleting: true }), NOW);
		expect(plan.actions).toEqual([{ kind: "forget" }]);
		expect(plan.events[0]?.message).toContain("on h2 will be removed when they return");
		const lost = planCache(
			cache([{ ...removed(2, { ...away, lost: true }), removed: false }], { deleting: true }),
			NOW,
		);
		expect(lost.actions).toEqual([{ kind: "remove-nodes" }]);
	});

	it("takes nodes away, waits for every host to confirm, then forgets the cache", () => {
		expect(planCache(cache(healthy(), { deleting: true }), NOW).actions).toEqual([
			{ kind: "remove-nodes" },
		]);
		const leaving = cache([node(1, running("primary"), { removed: true })], { deleting: true });
		expect(planCache(leaving, NOW)).toMatchObject({ actions: [], status: "deleting" });
		const plan = planCache(cache([], { deleting: true }), NOW);
		expect(plan.actions).toEqual([{ kind: "forget" }]);
	});

	it("names the silent host that it waits for", () => {
		const silent = node(1, running("primary"), {
			removed: true,
			host: host(1, { online: false, suspect: true }),
		});
		expect(planCache(cache([silent], { deleting: true }), NOW).statusReason).toContain("h1");
	});
});

describe("creating", () => {
	it("places a cache that has no nodes", () => {
		const plan = planCache(cache([], { everAvailable: false, status: "creating" }), NOW);
		expect(plan.actions).toEqual([{ kind: "place" }]);
	});

	it("isn't available before every replica is in sync with the primary", () => {
		const nodes = healthy();
		nodes[2] = node(3, running("replica", { linkUp: false }));
		const plan = planCache(cache(nodes, { everAvailable: false, status: "creating" }), NOW);
		expect(plan.status).toBe("creating");
		expect(plan.progress.map((step) => step.state)).toEqual([
			"done",
			"done",
			"running",
			"pending",
			"pending",
		]);
	});

	it("isn't available while a replica follows another node", () => {
		const nodes = healthy();
		nodes[2] = node(3, running("replica", { primaryHost: "10.0.0.9" }));
		expect(planCache(cache(nodes, { everAvailable: false }), NOW).status).toBe("creating");
	});

	it("isn't available before nodes have applied the newest generation", () => {
		const nodes = healthy();
		nodes[0] = node(1, running("primary"), { generation: 2 });
		expect(planCache(cache(nodes, { everAvailable: false }), NOW).becameAvailable).toBe(false);
	});

	it("is available once all nodes agree, and says so once", () => {
		const plan = planCache(cache(healthy(), { everAvailable: false, status: "creating" }), NOW);
		expect(plan).toMatchObject({ status: "available", becameAvailable: true, statusReason: null });
		expect(plan.progress.every((step) => step.state === "done" && step.finishedAt)).toBe(true);
		expect(plan.events.map((event) => event.type)).toEqual(["cache.available"]);
		expect(planCache(cache(healthy()), NOW).events).toEqual([]);
	});

	it("waits until every gateway routes to it, but not for one that is off", () => {
		const creating = { everAvailable: false, status: "creating" as const };
		const closed = { ...gateway, ready: false };
		const plan = planCache(cache(healthy(), { ...creating, gateways: [gateway, closed] }), NOW);
		expect(plan.status).toBe("creating");
		expect(plan.progress.find((step) => step.state === "running")?.step).toBe("Open endpoints");
		const off = { ...closed, phase: "off" as const };
		expect(planCache(cache(healthy(), { ...creating, gateways: [gateway, off] }), NOW).status).toBe(
			"available",
		);
	});

	it("gives a node another port if something else holds its port", () => {
		const taken = {
			phase: "waiting" as const,
			launchPermit: -1,
			reason: { code: "port-taken" as const, message: "Port 17000 is in use." },
		};
		const model = cache([node(1, taken)], { everAvailable: false, status: "creating" });
		expect(planCache(model, NOW).actions).toEqual([{ kind: "move-port", nodeId: "n1" }]);
		const known = cache([node(1, { ...taken, launchPermit: 1 })], { everAvailable: true });
		expect(planCache(known, NOW).actions).toEqual([]);
		// Reported about the former port: already moved.
		const late = cache([node(1, { ...taken, port: 6378 })], { everAvailable: false });
		expect(planCache(late, NOW).actions).toEqual([]);
	});

	it("also gives another port to a replacement that can't start: no client knows it yet", () => {
		const reason = { code: "port-taken" as const, message: "Port 17000 is in use." };
		const successor = node(
			4,
			{ phase: "waiting", launchPermit: -1, reason },
			{ replacesNodeId: "n3" },
		);
		expect(planCache(cache([...healthy(), successor]), NOW).actions).toContainEqual({
			kind: "move-port",
			nodeId: "n4",
		});
	});

	it("chooses other endpoint ports if a gateway can't listen on them, unless the user chose the port", () => {
		const problem = { code: "port-taken" as const, message: "port 6379 is in use.", port: 6379 };
		const model = cache(healthy(), {
			everAvailable: false,
			status: "creating",
			gateways: [{ ...gateway, ready: false, problem }],
		});
		expect(planCache(model, NOW).actions).toEqual([{ kind: "assign-ports" }]);
		const insisting = planCache({ ...model, portRequested: true }, NOW);
		expect(insisting.actions).toEqual([]);
		expect(insisting.statusReason).toContain("port 6379 is in use.");
		expect(insisting.progress.map((step) => step.state)).toContain("waiting");
		// The user didn't choose the reader's port.
		const reader = { ...gateway, ready: false, problem: { ...problem, port: 6380 } };
		const insistingOnOne = planCache({ ...model, portRequested: true, gateways: [reader] }, NOW);
		expect(insistingOnOne.actions).toEqual([{ kind: "assign-ports" }]);
	});
});

describe("cluster mode", () => {
	const SLOTS = ["0-8191", "8192-16383"];
	const inCluster = (role: "primary" | "replica", shard: number, view = "whole") =>
		running(role, {
			cluster: {
				// The node itself, as the builder names it.
				nodeId: "",
				ok: true,
				view,
				primaryNodeId: role === "replica" ? `c${shard * 2 + 1}` : null,
				slots: role === "primary" ? (SLOTS[shard] ?? String(shard)) : "",
			},
		});
	const shard = (index: number, nodes: NodeModel[]): ShardModel => ({
		id: `s${index}`,
		index,
		slots: SLOTS[index] ?? null,
		primaryNodeId: `n${index * 2 + 1}`,
		nodes,
		...CALM,
	});
	const twoShards = () => [
		shard(0, [node(1, inCluster("primary", 0)), node(2, inCluster("replica", 0))]),
		shard(1, [node(3, inCluster("primary", 1)), node(4, inCluster("replica", 1))]),
	];
	const clustered = (shards: ShardModel[], overrides: Partial<CacheModel> = {}) =>
		cache([], { clusterMode: "enabled", expectedView: "whole", shards, ...overrides });

	it("is available once every node shows the whole cluster", () => {
		const creating = { everAvailable: false, status: "creating" as const };
		expect(planCache(clustered(twoShards(), creating), NOW).becameAvailable).toBe(true);
		const apart = twoShards();
		apart[1] = shard(1, [
			node(3, inCluster("primary", 1)),
			node(4, inCluster("replica", 1, "part")),
		]);
		expect(planCache(clustered(apart, creating), NOW).status).toBe("creating");
		const later = planCache(clustered(apart), NOW);
		expect(later.status).toBe("degraded");
		expect(later.statusReason).toContain("orders-004");
	});

	it("believes the engines when a shard has chosen another primary", () => {
		const shards = twoShards();
		shards[0] = shard(0, [node(1, dead), node(2, inCluster("primary", 0))]);
		const plan = planCache(clustered(shards), NOW);
		expect(plan.actions).toMatchObject([{ kind: "adopt-primary", nodeId: "n2" }]);
	});

	it("holds elections that need votes one at a time", () => {
		const shards = [0, 1, 2, 3, 4].map((index) => ({
			...shard(index, [
				node(index * 2 + 1, index < 2 ? dead : inCluster("primary", index)),
				node(index * 2 + 2, inCluster("replica", index)),
			]),
			slots: SLOTS[index] ?? String(index),
		}));
		const ordered = (model: CacheModel) =>
			planCache(model, NOW).actions.filter((action) => action.kind === "order-failover");
		expect(ordered(clustered(shards))).toMatchObject([{ shardId: "s0", takeover: false }]);
		const first = { kind: "unplanned" as const, fresh: true };
		const underWay = shards.map((each, index) => (index === 0 ? { ...each, order: first } : each));
		expect(ordered(clustered(underWay))).toEqual([]);
	});

	it("lets the replica of a dead primary take over, whatever automatic failover says", () => {
		const shards = twoShards();
		shards[1] = shard(1, [node(3, dead), node(4, inCluster("replica", 1))]);
		const plan = planCache(clustered(shards), NOW);
		// One of two primaries isn't a majority: no vote is possible.
		expect(plan.actions).toMatchObject([
			{ kind: "order-failover", candidateIds: ["n4"], takeover: true },
		]);
		expect(plan.status).toBe("unavailable");
	});
});

describe("reboots", () => {
	const pending = { rebootPending: true };
	const rebooting = { reboot: 1 };

	it("begin with replicas, one at a time, the primary last", () => {
		const all = [
			node(1, running("primary"), pending),
			node(2, running("replica"), pending),
			node(3, running("replica"), pending),
		];
		expect(planCache(cache(all), NOW).actions).toEqual([{ kind: "reboot", nodeId: "n2" }]);
		all[1] = node(2, { phase: "rebooting" }, rebooting);
		expect(planCache(cache(all), NOW)).toMatchObject({ actions: [], status: "rebooting" });
		const last = [node(1, running("primary"), pending), node(2, running("replica"))];
		// It hands over first, and is then an ordinary replica; if it can't, it is rebooted as it is.
		expect(planCache(cache(last), NOW).actions).toMatchObject([
			{ kind: "request-failover", shardId: "s1", toNodeId: null },
		]);
		const inPlace = [{ kind: "reboot", nodeId: "n1" }];
		expect(planCache(cache(last, { automaticFailover: false }), NOW).actions).toEqual(inPlace);
		const model = cache(last);
		const shards = model.shards.map((shard) => ({ ...shard, failoverTroubled: true }));
		expect(planCache({ ...model, shards }, NOW).actions).toEqual(inPlace);
		const alone = cache([node(1, running("primary"), pending)]);
		expect(planCache(alone, NOW).actions).toEqual(inPlace);
	});

	it("of a primary are a change and not a failure", () => {
		const nodes = [node(1, { phase: "rebooting" }, rebooting), node(2, orphan(100))];
		const plan = planCache(cache(nodes), NOW);
		expect(plan).toMatchObject({ actions: [], status: "rebooting" });
		expect(plan.statusReason).toContain("Rebooting orders-001");
	});

	it("don't include the start of a node that replaces another", () => {
		const comes = node(3, { phase: "starting", reboot: -1 }, { replacesNodeId: "n2" });
		const nodes = [node(1, running("primary")), node(2, running("replica")), comes];
		const plan = planCache(cache(nodes, { nodesPerShard: 2 }), NOW);
		expect(plan).toMatchObject({ status: "modifying" });
		expect(plan.statusReason).toContain("Moving orders-002");
	});
});

describe("memcached", () => {
	it("names ready nodes to auto discovery, and takes out one that isn't ready", () => {
		const serving = { ...running("primary") };
		const memcachedNode = (index: number, up: boolean) =>
			node(
				index,
				up && serving.engineState
					? { phase: "running", engineState: { ...serving.engineState, role: "node" } }
					: { phase: "exited" },
				{
					followsNodeId: null,
					kind: { engine: "memcached", engineVersion: "9", nodeType: "cache.t4g.micro" },
				},
			);
		const model = (up: boolean, known: string[]) =>
			cache([memcachedNode(1, true), memcachedNode(2, up)], {
				engine: "memcached",
				discoveryNodeIds: known,
				shards: [
					{
						id: "s1",
						index: 0,
						slots: null,
						primaryNodeId: null,
						...CALM,
						nodes: [memcachedNode(1, true), memcachedNode(2, up)],
					},
				],
			});
		expect(planCache(model(true, []), NOW).actions).toEqual([
			{ kind: "publish-discovery", nodeIds: ["n1", "n2"] },
		]);
		expect(planCache(model(true, ["n1", "n2"]), NOW)).toMatchObject({
			actions: [],
			status: "available",
		});
		expect(planCache(model(false, ["n1", "n2"]), NOW)).toMatchObject({
			actions: [{ kind: "publish-discovery", nodeIds: ["n1"] }],
			status: "degraded",
		});
	});
});

it("always gives a reason for a settled state that isn't available", () => {
	const nodes = healthy();
	nodes[1] = node(2, dead);
	const plan = planCache(cache(nodes), NOW);
	expect(plan.status).toBe("degraded");
	expect(plan.statusReason).toContain("orders-002");
});

it("a node that serves but can't keep its data on disk degrades the cache, and says why", () => {
	const message = "orders-001 can't keep its data on disk. Free space on its host's disk";
	const [primary, ...others] = healthy();
	if (primary?.observation == null) throw new Error("no primary");
	const observation = { ...primary.observation, reason: { code: "disk" as const, message } };
	const full = planCache(cache([{ ...primary, observation }, ...others]), NOW);
	expect(full).toMatchObject({ status: "degraded", statusReason: `${message}.` });
	expect(full.events.map(({ type }) => type)).toEqual(["cache.degraded"]);
	expect(full.actions).toEqual([]);
	expect(planCache(cache(healthy()), NOW).status).toBe("available");
});
