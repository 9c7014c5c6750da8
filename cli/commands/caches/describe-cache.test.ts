import { describe, expect, it } from "vitest";
import type { Cache, CacheNode } from "../../../server/contract/index.ts";
import { describeCache } from "./describe-cache.ts";
import { haveRebooted } from "./reboot.ts";

function node(id: string, overrides: Partial<CacheNode> = {}): CacheNode {
	return {
		id,
		role: "primary",
		zone: "a",
		host: "h1",
		address: "127.0.0.1",
		port: 17_000,
		pid: 10,
		status: "available",
		statusReason: null,
		inSync: true,
		pendingParameters: [],
		metrics: null,
		...overrides,
	};
}

function cache(overrides: Partial<Cache> = {}): Cache {
	return {
		name: "orders",
		kind: "provisioned",
		engine: "valkey",
		engineVersion: "9.1.2",
		status: "available",
		statusReason: null,
		progress: [],
		nodeType: "cache.t4g.micro",
		clusterMode: "disabled",
		shardCount: 1,
		replicasPerShard: 1,
		nodeCount: 2,
		zones: null,
		multiAz: false,
		automaticFailover: true,
		port: 6379,
		endpoints: {
			primary: { host: "127.0.0.1", port: 6379 },
			reader: { host: "127.0.0.1", port: 6380 },
			configuration: null,
			gateways: ["127.0.0.1"],
			nodes: [],
		},
		shards: [{ id: "0001", slots: null, nodes: [node("orders-001")] }],
		auth: { mode: "password", username: "default" },
		parameterGroup: { name: "default.valkey9", status: "in-sync" },
		deletionProtection: true,
		hourlyCost: 0.0158,
		tags: {},
		description: "",
		createdAt: "2026-01-01T00:00:00.000Z",
		availableAt: null,
		...overrides,
	};
}

const described = (overrides: Partial<Cache> = {}) => describeCache(cache(overrides), "EUR");

describe("a cache for people to read", () => {
	it("has its endpoints, cost and protection", () => {
		const text = described();
		expect(text).toMatch(/^Primary endpoint +127\.0\.0\.1:6379$/m);
		expect(text).toMatch(/^Reader endpoint +127\.0\.0\.1:6380$/m);
		expect(text).toMatch(/^Cost +0\.0158 EUR per hour$/m);
		expect(text).toMatch(/^Deletion protection +on$/m);
		expect(text).not.toMatch(/Configuration endpoint|SHARD|Served by/);
	});

	it("has shards with their slots in cluster mode, and one endpoint", () => {
		const text = described({
			clusterMode: "enabled",
			shardCount: 2,
			endpoints: {
				primary: null,
				reader: null,
				configuration: { host: "10.0.0.1", port: 6379 },
				gateways: ["10.0.0.1", "10.0.0.2"],
				nodes: [],
			},
			shards: [
				{ id: "0001", slots: "0-8191", nodes: [node("orders-0001-001")] },
				{ id: "0002", slots: "8192-16383", nodes: [node("orders-0002-001")] },
			],
		});
		expect(text).toMatch(/^Configuration endpoint +10\.0\.0\.1:6379$/m);
		expect(text).toMatch(/^Served by +10\.0\.0\.1, 10\.0\.0\.2 \(same ports\)$/m);
		expect(text).toMatch(/^0002 +8192-16383 +orders-0002-001 +1$/m);
		expect(text).toMatch(/^0002 +orders-0002-001 +primary/m);
		expect(text).not.toMatch(/Primary endpoint/);
	});

	it("has nodes and neither replicas nor failover for Memcached", () => {
		const text = described({ engine: "memcached", replicasPerShard: 0, nodeCount: 3 });
		expect(text).toMatch(/^Nodes +3$/m);
		expect(text).not.toMatch(/Replicas|failover|Cluster mode/);
	});

	it("names the parameters that wait for a reboot, and what to run", () => {
		const text = described({
			parameterGroup: { name: "mine", status: "pending-reboot" },
			shards: [
				{
					id: "0001",
					slots: null,
					nodes: [
						node("orders-001", { pendingParameters: ["databases"] }),
						node("orders-002", { pendingParameters: ["databases"] }),
					],
				},
			],
		});
		expect(text).toContain("mine (databases pending; run: larder caches reboot orders)");
	});

	it("can't move the cursor with what others wrote", () => {
		expect(described({ description: "a\x1b[2Jb" })).not.toContain("\x1b");
	});
});

describe("haveRebooted", () => {
	const shards = (...nodes: CacheNode[]) => ({ shards: [{ id: "0001", slots: null, nodes }] });
	const before = cache(shards(node("orders-001", { pid: 10 }), node("orders-002", { pid: 11 })));

	it("waits until each chosen node is another process", () => {
		const half = cache(shards(node("orders-001", { pid: 20 }), node("orders-002", { pid: 11 })));
		expect(haveRebooted(before, half, [])).toBe(false);
		expect(haveRebooted(before, half, ["orders-001"])).toBe(true);
		expect(haveRebooted(before, half, ["orders-002"])).toBe(false);
		const down = cache(shards(node("orders-001", { pid: 20 }), node("orders-002", { pid: null })));
		expect(haveRebooted(before, down, [])).toBe(false);
	});
});
