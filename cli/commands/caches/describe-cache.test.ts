import { describe, expect, it } from "vitest";
import type { Cache, CacheNode, Event } from "../../../server/contract/index.ts";
import {
	exampleCache,
	exampleFailover,
	exampleNode,
} from "../../../server/contract/testing/examples.ts";
import { describeCache } from "./describe-cache.ts";
import { failureSince, newLeader } from "./failover.ts";
import { haveRebooted } from "./reboot.ts";

const described = (overrides: Partial<Cache> = {}) => describeCache(exampleCache(overrides), "EUR");

describe("a cache in readable form", () => {
	it("shows its endpoints, cost and protection", () => {
		const text = described();
		expect(text).toMatch(/^Primary endpoint +127\.0\.0\.1:6379$/m);
		expect(text).toMatch(/^Reader endpoint +127\.0\.0\.1:6380$/m);
		expect(text).toMatch(/^Cost +0\.0158 EUR per hour$/m);
		expect(text).toMatch(/^Deletion protection +on$/m);
		expect(text).not.toMatch(/Configuration endpoint|SHARD|Served by/);
	});

	it("says which node serves fewer clients than it should", () => {
		const few = exampleNode("orders-001", { clientLimit: { actual: 992, wanted: 10_000 } });
		expect(
			described({ shards: [{ id: "0001", slots: null, replicas: 0, nodes: [few] }] }),
		).toContain("orders-001 serves at most 992 clients at a time instead of 10000: h1 lets");
		expect(described()).not.toContain("instead of");
	});

	it("shows names before addresses if there is a DNS zone", () => {
		const { endpoints } = exampleCache();
		const names = {
			...{ zone: "example.com", port: 10_053, configuration: null, nodes: [] },
			...{ primary: "orders.example.com", reader: "orders-ro.example.com" },
		};
		const text = described({ endpoints: { ...endpoints, names } });
		expect(text).toMatch(/^Primary endpoint +orders\.example\.com:6379 \(127\.0\.0\.1:6379\)$/m);
		expect(text).toMatch(/^Reader endpoint +orders-ro\.example\.com:6380 /m);
		expect(text).toMatch(/^Names +example\.com; hosts answer DNS on port 10053$/m);
		expect(described()).not.toMatch(/^Names/m);
	});

	it("shows shards with their slots in cluster mode, and one endpoint", () => {
		const text = described({
			clusterMode: "enabled",
			shardCount: 2,
			endpoints: {
				primary: null,
				reader: null,
				configuration: { host: "10.0.0.1", port: 6379 },
				gateways: ["10.0.0.1", "10.0.0.2"],
				nodes: [],
				names: null,
			},
			shards: [
				{ id: "0001", slots: "0-8191", replicas: 0, nodes: [exampleNode("orders-0001-001")] },
				{ id: "0002", slots: "8192-16383", replicas: 0, nodes: [exampleNode("orders-0002-001")] },
			],
		});
		expect(text).toMatch(/^Configuration endpoint +10\.0\.0\.1:6379$/m);
		expect(text).toMatch(/^Served by +10\.0\.0\.1, 10\.0\.0\.2 \(same ports\)$/m);
		expect(text).toMatch(/^0002 +8192-16383 +orders-0002-001 +1$/m);
		expect(text).toMatch(/^0002 +orders-0002-001 +primary/m);
		expect(text).not.toMatch(/Primary endpoint/);
	});

	it("shows nodes, but neither replicas nor failover, for Memcached", () => {
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
					replicas: 0,
					nodes: [
						exampleNode("orders-001", { pendingParameters: ["databases"] }),
						exampleNode("orders-002", { pendingParameters: ["databases"] }),
					],
				},
			],
		});
		expect(text).toContain("mine (databases pending; run: larder caches reboot orders)");
	});

	it("says why Multi-AZ is degraded, and what the last failover was like", () => {
		const text = described({
			multiAz: true,
			multiAzStatus: "degraded",
			multiAzReason: "all nodes are in zone a",
			lastFailover: exampleFailover(),
		});
		expect(text).toMatch(/^Multi-AZ +degraded: all nodes are in zone a$/m);
		expect(text).toMatch(
			/^Last failover +2026-01-01T00:00:01.000Z, orders-001 → orders-002, planned, writes unavailable for 12 ms: requested$/m,
		);
		expect(described()).not.toContain("Last failover");
	});

	it("contains no control characters from a description", () => {
		expect(described({ description: "a\x1b[2Jb" })).not.toContain("\x1b");
	});
});

describe("haveRebooted", () => {
	const shards = (...nodes: CacheNode[]) => ({
		shards: [{ id: "0001", slots: null, replicas: 0, nodes }],
	});
	const before = exampleCache(
		shards(exampleNode("orders-001", { pid: 10 }), exampleNode("orders-002", { pid: 11 })),
	);

	it("waits until each chosen node runs as a new process", () => {
		const half = exampleCache(
			shards(exampleNode("orders-001", { pid: 20 }), exampleNode("orders-002", { pid: 11 })),
		);
		expect(haveRebooted(before, half, [])).toBe(false);
		expect(haveRebooted(before, half, ["orders-001"])).toBe(true);
		expect(haveRebooted(before, half, ["orders-002"])).toBe(false);
		const down = exampleCache(
			shards(exampleNode("orders-001", { pid: 20 }), exampleNode("orders-002", { pid: null })),
		);
		expect(haveRebooted(before, down, [])).toBe(false);
	});
});

describe("waiting for a failover", () => {
	const old = exampleFailover({ at: "2025-12-31T00:00:00.000Z" });
	const led = (...leaders: string[]) =>
		leaders.map((leader, index) => ({
			id: `000${index + 1}`,
			slots: null,
			replicas: 0,
			nodes: [exampleNode(leader), exampleNode(`${leader}-other`, { role: "replica" as const })],
		}));

	it("ends once the cache has a newer failover than before", () => {
		const before = exampleCache({ lastFailover: old });
		expect(newLeader(before, before, undefined)).toBeNull();
		expect(newLeader(before, exampleCache({ lastFailover: exampleFailover() }), undefined)).toEqual(
			{
				name: "orders-002",
				failover: exampleFailover(),
			},
		);
		const first = newLeader(
			exampleCache(),
			exampleCache({ lastFailover: exampleFailover() }),
			"0001",
		);
		expect(first?.name).toBe("orders-002");
	});

	it("ignores another shard's failover, and sees its own even if another shard's came after it", () => {
		const before = exampleCache({ lastFailover: old, shards: led("a", "b") });
		const other = exampleFailover({ shard: "0002" });
		const elsewhere = exampleCache({ lastFailover: other, shards: led("a", "c") });
		expect(newLeader(before, elsewhere, "0001")).toBeNull();
		const both = exampleCache({ lastFailover: other, shards: led("d", "c") });
		expect(newLeader(before, both, "0001")).toEqual({ name: "d", failover: null });
	});

	it("fails when a new event reports a failure", () => {
		const event = (id: string, type: string): Event => ({
			id,
			at: "2026-01-01T00:00:00.000Z",
			severity: "warning",
			type,
			message: id,
			cache: "orders",
			node: null,
			host: null,
		});
		const known = [event("1", "cache.failover-failed")];
		expect(failureSince(known, known)).toBeUndefined();
		expect(failureSince(known, [event("2", "cache.failover-requested"), ...known])).toBeUndefined();
		const failure = event("3", "cache.failover-failed");
		expect(failureSince(known, [failure, ...known])).toEqual(failure);
	});
});
