import { describe, expect, it } from "vitest";
import type { Observation } from "../../contract/agent.ts";
import type { CacheModel, GatewayModel, HostModel, NodeModel, ShardModel } from "./model.ts";
import { planCache } from "./plan-cache.ts";
import { creationSteps } from "./progress.ts";

const NOW = new Date("2026-01-01T00:00:00Z");

function running(
	role: "primary" | "replica",
	overrides: Partial<NonNullable<Observation["engineState"]>> = {},
): Partial<Observation> {
	return {
		phase: "running",
		engineState: {
			version: "9.1.2",
			role,
			loading: false,
			primaryHost: role === "replica" ? "10.0.0.1" : null,
			primaryPort: role === "replica" ? 6379 : null,
			linkUp: true,
			offset: 100,
			onlineReplicas: role === "primary" ? 2 : 0,
			cluster: null,
			...overrides,
		},
	};
}

function host(index: number, overrides: Partial<HostModel> = {}): HostModel {
	return {
		id: `h${index}`,
		name: `h${index}`,
		zone: `zone-${index}`,
		address: `10.0.0.${index}`,
		online: true,
		suspect: false,
		cordoned: false,
		draining: false,
		lost: false,
		lossConfirmed: false,
		...overrides,
	};
}

/** What a shard has beside its nodes when nothing goes on. */
const CALM = {
	leaving: [],
	failover: null,
	order: null,
	ledBy: null,
	orderProblem: null,
	failoverTroubled: false,
};

function node(
	index: number,
	observed: Partial<Observation> | null,
	overrides: Partial<NodeModel> = {},
): NodeModel {
	return {
		id: `n${index}`,
		clusterNodeId: `c${index}`,
		name: `orders-00${index}`,
		host: host(index),
		port: 6379,
		generation: 1,
		launchPermit: 1,
		reboot: 0,
		rebootPending: false,
		followsNodeId: index === 1 ? null : "n1",
		replacesNodeId: null,
		removed: false,
		hasSynced: observed?.engineState != null,
		observation: observed && {
			assignmentId: `n${index}`,
			generation: 1,
			phase: "running",
			reason: null,
			pid: 100 + index,
			startedAt: NOW.toISOString(),
			launchPermit: 1,
			restarts: 0,
			silentSince: null,
			reboot: 0,
			pendingParameters: [],
			port: 6379,
			engineState: null,
			...observed,
		},
		...overrides,
	};
}

const gateway: GatewayModel = { hostName: "h1", phase: "running", ready: true, problem: null };

function cache(nodes: NodeModel[], overrides: Partial<CacheModel> = {}): CacheModel {
	const shape = {
		engine: "valkey" as const,
		clusterMode: "disabled" as const,
		replicasPerShard: nodes.length - 1,
	};
	return {
		...shape,
		name: "orders",
		status: "available",
		statusReason: null,
		progress: creationSteps(shape, NOW.toISOString()),
		automaticFailover: true,
		promotionRequested: false,
		multiAz: false,
		sentinelFailingOver: false,
		safeMode: false,
		portRequested: false,
		port: 6379,
		deleting: false,
		everAvailable: true,
		shards: [
			{
				...CALM,
				id: "s1",
				index: 0,
				slots: null,
				primaryNodeId: nodes.length > 0 ? "n1" : null,
				nodes,
			},
		],
		expectedView: null,
		arranged: false,
		discoveryNodeIds: [],
		gateways: [gateway],
		...overrides,
	};
}

const healthy = () => [
	node(1, running("primary")),
	node(2, running("replica")),
	node(3, running("replica")),
];
const dead: Partial<Observation> = { phase: "exited" };
/** A replica after its primary's death. */
const orphan = (offset: number) => running("replica", { linkUp: false, offset });

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

	it("isn't available while a replica follows somebody else", () => {
		const nodes = healthy();
		nodes[2] = node(3, running("replica", { primaryHost: "10.0.0.9" }));
		expect(planCache(cache(nodes, { everAvailable: false }), NOW).status).toBe("creating");
	});

	it("isn't available before nodes have taken in the newest generation", () => {
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

	it("waits until every gateway leads to it, but not for one that is off", () => {
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

	it("moves a node off a port that something else holds", () => {
		const taken = {
			phase: "waiting" as const,
			launchPermit: -1,
			reason: { code: "port-taken" as const, message: "Port 17000 is in use." },
		};
		const model = cache([node(1, taken)], { everAvailable: false, status: "creating" });
		expect(planCache(model, NOW).actions).toEqual([{ kind: "move-port", nodeId: "n1" }]);
		expect(planCache({ ...model, everAvailable: true }, NOW).actions).toEqual([]);
		// Said of the port before: moved already.
		const late = cache([node(1, { ...taken, port: 6378 })], { everAvailable: false });
		expect(planCache(late, NOW).actions).toEqual([]);
	});

	it("takes other endpoint ports where a gateway can't have these, unless the user named one", () => {
		const problem = { code: "port-taken" as const, message: "port 6379 is in use." };
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
	});
});

/** The order that a plan gives, with its candidates. */
function orderOf(model: CacheModel) {
	return planCache(model, NOW).actions.find((action) => action.kind === "order-failover");
}

describe("a dead primary", () => {
	it("is followed by the replica with the best offset", () => {
		const nodes = [node(1, dead), node(2, orphan(90)), node(3, orphan(120))];
		expect(orderOf(cache(nodes))).toMatchObject({
			failover: "unplanned",
			fromState: "dead",
			candidateIds: ["n3", "n2"],
			takeover: false,
		});
		expect(planCache(cache(nodes), NOW).status).toBe("unavailable");
	});

	it("gets one order at a time, and none while a Sentinel is at it", () => {
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

	it("never gives way to a replica that has nothing", () => {
		const empty = node(3, orphan(500), { hasSynced: false });
		const model = cache([node(1, dead), node(2, orphan(90)), empty]);
		expect(orderOf(model)).toMatchObject({ candidateIds: ["n2"] });
	});

	it("gives way to whom the engines have as their primary", () => {
		const plan = planCache(cache([node(1, dead), node(2, running("primary"))]), NOW);
		expect(plan.actions).toMatchObject([{ kind: "adopt-primary", nodeId: "n2" }]);
	});

	it("gives way to whom an order made lead, when it comes back as if nothing had been", () => {
		const model = cache([node(1, running("primary")), node(2, running("primary"))]);
		const led = (ledBy: string | null) => ({
			...model,
			shards: model.shards.map((shard) => ({ ...shard, ledBy })),
		});
		const adopted = [{ kind: "adopt-primary", nodeId: "n2" }];
		expect(planCache(led("n2"), NOW).actions).toMatchObject(adopted);
		for (const ledBy of [null, "n1"]) expect(planCache(led(ledBy), NOW).actions).toEqual([]);
	});

	it("isn't started again while a replica that may hold the data can't be seen", () => {
		const hidden = node(2, orphan(90), { host: host(2, { online: false, suspect: true }) });
		const plan = planCache(cache([node(1, dead), hidden]), NOW);
		expect(plan.actions).toEqual([]);
		expect(plan.statusReason).toContain("h2");
	});

	it("starts in place when nobody holds the data", () => {
		const plan = planCache(cache([node(1, dead), node(2, dead, { hasSynced: false })]), NOW);
		expect(plan.actions).toEqual([{ kind: "permit-launch", nodeId: "n1" }]);
	});

	it("isn't permitted twice for one exit", () => {
		const plan = planCache(cache([node(1, dead, { launchPermit: 2 }), node(2, dead)]), NOW);
		expect(plan.actions).toEqual([]);
	});

	it("waits for a person where automatic failover is off", () => {
		const model = cache([node(1, dead), node(2, orphan(90))], { automaticFailover: false });
		expect(planCache(model, NOW).actions).toEqual([]);
		expect(planCache(model, NOW).statusReason).toContain("larder caches promote orders");
		expect(orderOf({ ...model, promotionRequested: true })).toMatchObject({
			candidateIds: ["n2"],
		});
	});
});

describe("a primary that can't be reached", () => {
	const late = host(1, { suspect: true });
	const gone = host(1, { suspect: true, online: false });

	it("is replaced by one who finds that it doesn't answer, and stays where it does", () => {
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

	it("is replaced whether it answers or not once its host is given up", () => {
		const givenUp = { ...gone, lost: true, lossConfirmed: true };
		const nodes = [node(1, running("primary"), { host: givenUp }), node(2, running("replica"))];
		expect(orderOf(cache(nodes))).toMatchObject({ fromState: "dead", candidateIds: ["n2"] });
	});

	it("is left alone where automatic failover is off", () => {
		const nodes = [node(1, running("primary"), { host: gone }), node(2, running("replica"))];
		expect(orderOf(cache(nodes, { automaticFailover: false }))).toBeUndefined();
	});

	it("is ended once it has run for long without answering, so that it can't come back to life", () => {
		const hung = (sinceMs: number) =>
			node(1, {
				...running("primary"),
				engineState: null,
				silentSince: new Date(NOW.getTime() - sinceMs).toISOString(),
			});
		const model = (sinceMs: number) => cache([hung(sinceMs), node(2, running("replica"))]);
		expect(planCache(model(1_000), NOW).actions).toEqual([]);
		expect(planCache(model(10_000), NOW).actions).toEqual([{ kind: "end-hung", nodeId: "n1" }]);
		expect(planCache(cache([hung(10_000)]), NOW).actions).toEqual([]);
	});
});

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

	it("goes to the node that was named, or to one that stays on its host", () => {
		expect(asked(healthy(), "n3")).toMatchObject([
			{ kind: "order-failover", failover: "planned", candidateIds: ["n3", "n2"] },
		]);
		const nodes = healthy();
		nodes[1] = node(2, running("replica"), { host: host(2, { draining: true }) });
		expect(asked(nodes, null)).toMatchObject([{ candidateIds: ["n3", "n2"] }]);
	});

	it("is given up, with the reason, where it can't be done", () => {
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

	it("waits for the order that is out", () => {
		expect(asked(healthy(), null, { order: { kind: "planned", fresh: true } })).toEqual([]);
	});
});

describe("cluster mode", () => {
	const SLOTS = ["0-8191", "8192-16383"];
	const inCluster = (role: "primary" | "replica", shard: number, view = "whole") =>
		running(role, {
			cluster: {
				nodeId: "c".repeat(40),
				ok: true,
				view,
				primaryNodeId: role === "replica" ? `c${shard * 2 + 1}` : null,
				slots: role === "primary" ? (SLOTS[shard] ?? "") : "",
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

	it("holds one election at a time, of those that need votes", () => {
		const shards = [0, 1, 2, 3, 4].map((index) => ({
			...shard(index, [
				node(index * 2 + 1, index < 2 ? dead : inCluster("primary", index)),
				node(index * 2 + 2, inCluster("replica", index)),
			]),
			slots: SLOTS[index] ?? "",
		}));
		const ordered = (model: CacheModel) =>
			planCache(model, NOW).actions.filter((action) => action.kind === "order-failover");
		expect(ordered(clustered(shards))).toMatchObject([{ shardId: "s0", takeover: false }]);
		const first = { kind: "unplanned" as const, fresh: true };
		const underWay = shards.map((each, index) => (index === 0 ? { ...each, order: first } : each));
		expect(ordered(clustered(underWay))).toEqual([]);
	});

	it("spreads primaries that have gathered in one zone, one at a time, while all is well", () => {
		const slots = ["0-5460", "5461-10922", "10923-16383"];
		const member = (
			index: number,
			role: "primary" | "replica",
			zone: string,
			shardIndex: number,
		) => {
			const seen = inCluster(role, shardIndex);
			const state = seen.engineState;
			if (state?.cluster == null) throw new Error("no cluster");
			const cluster = {
				...state.cluster,
				slots: role === "primary" ? (slots[shardIndex] ?? "") : "",
			};
			return node(
				index,
				{ ...seen, engineState: { ...state, cluster } },
				{ host: host(index, { zone }) },
			);
		};
		const three = (zones: [string, string][]) =>
			zones.map(([primary, replica], index) => ({
				...shard(index, [
					member(index * 2 + 1, "primary", primary, index),
					member(index * 2 + 2, "replica", replica, index),
				]),
				slots: slots[index] ?? null,
			}));
		const gathered = three([
			["a", "b"],
			["a", "c"],
			["b", "a"],
		]);
		expect(planCache(clustered(gathered), NOW).actions).toMatchObject([
			{ kind: "request-failover", shardId: "s1", toNodeId: "n4" },
		]);
		expect(planCache(clustered(gathered, { arranged: true }), NOW).actions).toEqual([]);
		const spread = three([
			["a", "b"],
			["c", "a"],
			["b", "a"],
		]);
		expect(planCache(clustered(spread), NOW).actions).toEqual([]);
		const troubled = gathered.map((each) => ({ ...each, failoverTroubled: true }));
		expect(planCache(clustered(troubled), NOW).actions).toEqual([]);
	});

	it("lets the replica of a dead primary take over, whatever automatic failover says", () => {
		const shards = twoShards();
		shards[1] = shard(1, [node(3, dead), node(4, inCluster("replica", 1))]);
		const plan = planCache(clustered(shards), NOW);
		// Of two primaries the one that is left is no majority: nobody can vote.
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
		expect(planCache(cache(all), NOW)).toMatchObject({ actions: [], status: "modifying" });
		const last = [node(1, running("primary"), pending), node(2, running("replica"))];
		// It hands over first, and then is a replica among others; where it can't, it is rebooted as it is.
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
		expect(plan).toMatchObject({ actions: [], status: "modifying" });
		expect(plan.statusReason).toContain("Rebooting orders-001");
	});
});

describe("memcached", () => {
	it("names nodes that are ready to auto discovery, and takes one out that isn't", () => {
		const serving = { ...running("primary") };
		const memcachedNode = (index: number, up: boolean) =>
			node(
				index,
				up && serving.engineState
					? { phase: "running", engineState: { ...serving.engineState, role: "node" } }
					: { phase: "exited" },
				{ followsNodeId: null },
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

describe("deleting", () => {
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

it("always gives a reason for a settled state that isn't available", () => {
	const nodes = healthy();
	nodes[1] = node(2, dead);
	const plan = planCache(cache(nodes), NOW);
	expect(plan.status).toBe("degraded");
	expect(plan.statusReason).toContain("orders-002");
});
