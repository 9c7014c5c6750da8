import { describe, expect, it } from "vitest";
import type { CacheModel, NodeModel } from "./model.ts";
import { type FleetRoom, isMoreSpread, nodeToSpread, zoneSpread } from "./zone-spread.ts";

/** A node in a zone, on a host of its own; the first one leads. */
function node(number: number, zone: string, overrides: Partial<NodeModel> = {}): NodeModel {
	return {
		id: `n${number}`,
		clusterNodeId: `c${number}`,
		name: `orders-00${number}`,
		host: {
			id: `h${number}`,
			name: `h${number}`,
			zone,
			address: `10.0.0.${number}`,
			online: true,
			suspect: false,
			cordoned: false,
			draining: false,
			lost: false,
			lossConfirmed: false,
		},
		port: 6379,
		generation: 1,
		launchPermit: 1,
		reboot: 0,
		rebootPending: false,
		followsNodeId: number === 1 ? null : "n1",
		replacesNodeId: null,
		removed: false,
		hasSynced: true,
		observation: {
			assignmentId: `n${number}`,
			generation: 1,
			phase: "running",
			reason: null,
			pid: 1,
			startedAt: null,
			silentSince: null,
			launchPermit: 1,
			restarts: 0,
			port: 6379,
			reboot: 0,
			pendingParameters: [],
			engineState: {
				version: "9.1.2",
				role: number === 1 ? "primary" : "replica",
				loading: false,
				primaryHost: number === 1 ? null : "10.0.0.1",
				primaryPort: number === 1 ? null : 6379,
				linkUp: true,
				offset: 100,
				onlineReplicas: 0,
				cluster: null,
			},
		},
		...overrides,
	};
}

const silent = (given: NodeModel) => ({
	...given,
	host: { ...given.host, online: false, suspect: true },
});

function cache(nodes: NodeModel[], overrides: Partial<CacheModel> = {}): CacheModel {
	return {
		name: "orders",
		engine: "valkey",
		clusterMode: "disabled",
		status: "available",
		statusReason: null,
		progress: [],
		automaticFailover: true,
		promotionRequested: false,
		arranged: false,
		multiAz: true,
		sentinelFailingOver: false,
		safeMode: false,
		portRequested: false,
		port: 6379,
		deleting: false,
		everAvailable: true,
		shards: [
			{
				id: "s1",
				index: 0,
				slots: null,
				primaryNodeId: "n1",
				nodes,
				leaving: [],
				failover: null,
				order: null,
				ledBy: null,
				orderProblem: null,
				failoverTroubled: false,
			},
		],
		expectedView: null,
		discoveryNodeIds: [],
		gateways: [],
		...overrides,
	};
}

const open = (...openZones: string[]): FleetRoom => ({ openZones, problems: new Map() });

function moving(nodes: NodeModel[], room: FleetRoom): string | null {
	const model = cache(nodes);
	const [shard] = model.shards;
	return shard === undefined ? null : (nodeToSpread(model, shard, room)?.id ?? null);
}

describe("Multi-AZ", () => {
	it("is kept by nodes that serve in two zones, and disabled where nobody asked for it", () => {
		expect(zoneSpread(cache([node(1, "a"), node(2, "b")]))).toEqual({
			status: "enabled",
			reason: null,
		});
		expect(zoneSpread(cache([node(1, "a")], { multiAz: false })).status).toBe("disabled");
		expect(zoneSpread(cache([node(1, "a"), node(2, "a")], { everAvailable: false })).status).toBe(
			"enabled",
		);
	});

	it("is degraded when all that serves is in one zone, and says who is missing", () => {
		const { status, reason } = zoneSpread(cache([node(1, "a"), silent(node(2, "b"))]));
		expect(status).toBe("degraded");
		expect(reason).toContain("All that serves of orders is in zone a");
		expect(reason).toContain("orders-002 on h2 (zone b)");
	});

	it("is degraded when all nodes are in one zone, and says what mends it", () => {
		const { status, reason } = zoneSpread(cache([node(1, "a"), node(2, "a")]));
		expect(status).toBe("degraded");
		expect(reason).toContain("larder agent --join");
	});

	it("is degraded while another zone is free, but not if no host there has room", () => {
		const three = cache([node(1, "a"), node(2, "b"), node(3, "a")]);
		expect(zoneSpread(three, open("a", "b")).status).toBe("enabled");
		expect(zoneSpread(three, open("a", "b", "c"))).toMatchObject({
			status: "degraded",
			reason: expect.stringContaining("orders-003 is about to move"),
		});
		const full = { ...open("a", "b", "c"), problems: new Map([["n3", "No capacity"]]) };
		expect(zoneSpread(three, full).status).toBe("enabled");
	});
});

describe("the node that moves for the sake of zones", () => {
	it("is of a zone that has several, a replica before the primary", () => {
		expect(moving([node(1, "a"), node(2, "a")], open("a", "b"))).toBe("n2");
		expect(moving([node(1, "b"), node(2, "a"), node(3, "b")], open("c"))).toBe("n3");
	});

	it("is none once each node has a zone of its own, or no other zone is open", () => {
		expect(moving([node(1, "a"), node(2, "b")], open("a", "b", "c"))).toBeNull();
		expect(moving([node(1, "a"), node(2, "a")], open("a"))).toBeNull();
	});

	it("is none while another is on its way there", () => {
		const nodes = [node(1, "a"), node(2, "a"), node(3, "b", { replacesNodeId: "n2" })];
		expect(moving(nodes, open("a", "b"))).toBeNull();
		const [shard] = cache(nodes).shards;
		const [first, from, to] = nodes;
		if (shard === undefined || first === undefined || from === undefined || to === undefined)
			return;
		expect(isMoreSpread(shard, from, to)).toBe(true);
	});
});
