import { describe, expect, it } from "vitest";
import type { CacheModel, NodeModel } from "./model.ts";
import { isBetterPlaced } from "./node-balance.ts";
import { cache as cacheModel, host, node as nodeModel, running } from "./testing/models.ts";
import { type FleetRoom, nodeToSpread, zoneSpread } from "./zone-spread.ts";

/** A node in a zone, on a host of its own; the first one is primary. */
function node(number: number, zone: string, overrides: Partial<NodeModel> = {}): NodeModel {
	const observed = running(number === 1 ? "primary" : "replica");
	return nodeModel(number, observed, { host: host(number, { zone }), ...overrides });
}

const silent = (given: NodeModel) => ({
	...given,
	host: { ...given.host, online: false, suspect: true },
});

function cache(nodes: NodeModel[], overrides: Partial<CacheModel> = {}): CacheModel {
	return cacheModel(nodes, { multiAz: true, ...overrides });
}

const open = (...zones: string[]): FleetRoom => ({
	openHosts: zones.map((zone) => ({ id: `open-${zone}`, zone })),
	keepZones: false,
	problems: new Map(),
	tight: new Set<string>(),
});

function moving(nodes: NodeModel[], room: FleetRoom): string | null {
	const model = cache(nodes);
	const [shard] = model.shards;
	return shard === undefined ? null : (nodeToSpread(model, shard, room)?.id ?? null);
}

describe("Multi-AZ", () => {
	it("is kept by serving nodes in two zones, and disabled if it wasn't requested", () => {
		expect(zoneSpread(cache([node(1, "a"), node(2, "b")]))).toEqual({
			status: "enabled",
			reason: null,
		});
		expect(zoneSpread(cache([node(1, "a")], { multiAz: false })).status).toBe("disabled");
		expect(zoneSpread(cache([node(1, "a"), node(2, "a")], { everAvailable: false })).status).toBe(
			"enabled",
		);
	});

	it("is degraded when all serving nodes are in one zone, and says which are missing", () => {
		const { status, reason } = zoneSpread(cache([node(1, "a"), silent(node(2, "b"))]));
		expect(status).toBe("degraded");
		expect(reason).toContain("All serving nodes of orders are in zone a");
		expect(reason).toContain("orders-002 on h2 (zone b)");
	});

	it("is degraded when all nodes are in one zone, and says what restores it", () => {
		const { status, reason } = zoneSpread(cache([node(1, "a"), node(2, "a")]));
		expect(status).toBe("degraded");
		expect(reason).toContain("Add a host there");
	});

	it("is degraded while another zone is free, but not if no host there has room", () => {
		const three = cache([node(1, "a"), node(2, "b"), node(3, "a")]);
		expect(zoneSpread(three, open("a", "b")).status).toBe("enabled");
		expect(zoneSpread(three, open("a", "b", "c"))).toMatchObject({
			status: "degraded",
			reason: expect.stringContaining("orders-003 will move"),
		});
		const full = {
			...open("a", "b", "c"),
			problems: new Map([["n3", "No capacity"]]),
			tight: new Set<string>(),
		};
		expect(zoneSpread(three, full).status).toBe("enabled");
	});
});

describe("the node that moves for the sake of zones", () => {
	it("is in a zone that has several, a replica before the primary", () => {
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
		const model = cache(nodes);
		const [shard] = model.shards;
		const [first, from, to] = nodes;
		if (shard === undefined || first === undefined || from === undefined || to === undefined)
			return;
		expect(isBetterPlaced(model, shard, from, to)).toBe(true);
	});
});
