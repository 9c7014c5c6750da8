import { describe, expect, it } from "vitest";
import type { Observation } from "../../contract/agent.ts";
import type { CacheModel, NodeModel } from "./model.ts";
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
			...overrides,
		},
	};
}

function node(
	index: number,
	observed: Partial<Observation> | null,
	overrides: Partial<NodeModel> = {},
): NodeModel {
	return {
		id: `n${index}`,
		name: `orders-00${index}`,
		host: { name: `h${index}`, online: true, address: `10.0.0.${index}` },
		port: 6379,
		generation: 1,
		launchPermit: 1,
		followsNodeId: index === 1 ? null : "n1",
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
			engineState: null,
			...observed,
		},
		...overrides,
	};
}

function cache(nodes: NodeModel[], overrides: Partial<CacheModel> = {}): CacheModel {
	return {
		name: "orders",
		status: "available",
		statusReason: null,
		progress: creationSteps(nodes.length - 1, NOW.toISOString()),
		automaticFailover: true,
		promotionRequested: false,
		portRequested: false,
		deleting: false,
		everAvailable: true,
		primaryNodeId: nodes.length > 0 ? "n1" : null,
		nodes,
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
		expect(plan.progress.map((step) => step.state)).toEqual(["done", "done", "running", "pending"]);
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

	it("moves off a port that something else holds, unless the user named it", () => {
		const taken = {
			phase: "waiting" as const,
			launchPermit: -1,
			reason: { code: "port-taken" as const, message: "Port 6379 is in use." },
		};
		const model = cache([node(1, taken)], { everAvailable: false, status: "creating" });
		expect(planCache(model, NOW).actions).toEqual([{ kind: "move-port", nodeId: "n1" }]);
		const insisting = planCache({ ...model, portRequested: true }, NOW);
		expect(insisting.actions).toEqual([]);
		expect(insisting.statusReason).toContain("Port 6379 is in use.");
		expect(insisting.progress[1]?.state).toBe("waiting");
	});
});

describe("a dead primary", () => {
	it("is followed by the replica with the best offset", () => {
		const nodes = [node(1, dead), node(2, orphan(90)), node(3, orphan(120))];
		const plan = planCache(cache(nodes), NOW);
		expect(plan.actions).toEqual([{ kind: "promote", nodeId: "n3" }]);
		expect(plan.status).toBe("unavailable");
		expect(plan.events.map((event) => event.type)).toEqual(["cache.failover", "cache.unavailable"]);
	});

	it("never gives way to a replica that has nothing", () => {
		const empty = node(3, orphan(500), { hasSynced: false });
		const plan = planCache(cache([node(1, dead), node(2, orphan(90)), empty]), NOW);
		expect(plan.actions).toEqual([{ kind: "promote", nodeId: "n2" }]);
	});

	it("isn't started again while a replica that may hold the data can't be seen", () => {
		const hidden = node(2, orphan(90), {
			host: { name: "h2", online: false, address: "10.0.0.2" },
		});
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
		expect(planCache({ ...model, promotionRequested: true }, NOW).actions).toEqual([
			{ kind: "promote", nodeId: "n2" },
		]);
	});

	it("isn't assumed of a host that is merely silent", () => {
		const silent = node(1, dead, { host: { name: "h1", online: false, address: "10.0.0.1" } });
		const plan = planCache(cache([silent, node(2, orphan(90))]), NOW);
		expect(plan.actions).toEqual([]);
		expect(plan.status).toBe("degraded");
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
			host: { name: "h1", online: false, address: "10.0.0.1" },
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
