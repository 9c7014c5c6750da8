import { describe, expect, it } from "vitest";
import type { Cache, CacheNode, Failover } from "../../server/contract/cache-view.ts";
import type { Event } from "../../server/contract/event.ts";
import {
	exampleCache,
	exampleFailover,
	exampleNode,
} from "../../server/contract/testing/examples.ts";
import {
	type AwaitedFailover,
	failoverObstacle,
	failoverOutcome,
	shardObstacle,
	unavailabilityWords,
} from "./failover.ts";

type Shard = Cache["shards"][number];

const node = (
	id: string,
	role: CacheNode["role"],
	status: CacheNode["status"] = "available",
): CacheNode => exampleNode(id, { role, status });

const shard = (id: string, ...nodes: CacheNode[]): Shard => ({
	id,
	slots: null,
	replicas: 0,
	nodes,
});

const failover = (overrides: Partial<Failover> = {}) =>
	exampleFailover({
		...{ at: "2026-01-01T00:00:02.000Z", from: "a-1", to: "a-2", writesUnavailableMs: 12.4 },
		...overrides,
	});

const cache = (overrides: Partial<Cache> = {}) =>
	exampleCache({
		...{ clusterMode: "enabled", shardCount: 2, nodeCount: 4 },
		shards: [
			shard("0001", node("a-1", "primary"), node("a-2", "replica")),
			shard("0002", node("b-1", "primary"), node("b-2", "replica")),
		],
		...overrides,
	});

const event = (type: string, at: string): Event => ({
	id: `${type} ${at}`,
	at,
	severity: "info",
	type,
	message: `said at ${at}`,
	cache: "orders",
	node: null,
	host: null,
});

describe("what stands in a failover's way", () => {
	it("is nothing with a replica in sync", () => {
		expect(failoverObstacle(cache())).toBeNull();
		expect(failoverObstacle(cache({ status: "degraded" }))).toBeNull();
		expect(shardObstacle(shard("0001", node("a", "primary"), node("b", "replica")))).toBeNull();
	});

	it("is the lack of copies, or a cache that is being created or deleted", () => {
		expect(failoverObstacle(cache({ engine: "memcached" }))).toContain("no copies");
		expect(failoverObstacle(cache({ replicasPerShard: 0 }))).toContain("no replica");
		expect(failoverObstacle(cache({ status: "creating" }))).toContain("once it is available");
		expect(failoverObstacle(cache({ status: "deleting" }))).toContain("being deleted");
	});

	it("is a shard without a primary that serves, or without a replica in sync", () => {
		expect(shardObstacle(shard("0001", node("b", "replica")))).toContain(
			"The primary isn't available",
		);
		const lagging = shard("0001", node("a", "primary"), node("b", "replica", "syncing"));
		expect(shardObstacle(lagging)).toContain("No replica is in sync");
	});
});

describe("a requested failover", () => {
	const awaited: AwaitedFailover = {
		shard: "0001",
		from: "a-1",
		previousAt: "2026-01-01T00:00:01.000Z",
	};
	const old = failover({ at: "2026-01-01T00:00:01.000Z" });

	it("is under way while nothing has happened since the request", () => {
		expect(failoverOutcome(awaited, cache(), [])).toBeNull();
		expect(failoverOutcome(awaited, cache({ lastFailover: old }), [])).toBeNull();
	});

	it("is done, and reports the measured pause", () => {
		expect(failoverOutcome(awaited, cache({ lastFailover: failover() }), [])).toEqual({
			leader: "a-2",
			detail: "writes paused for 12 ms",
		});
	});

	it("is done even if another shard's failover has come after it", () => {
		const lastFailover = failover({ shard: "0002" });
		expect(failoverOutcome(awaited, cache({ lastFailover }), [])).toBeNull();
		const shards = [shard("0001", node("a-1", "replica"), node("a-2", "primary"))];
		expect(failoverOutcome(awaited, cache({ lastFailover, shards }), [])).toEqual({
			leader: "a-2",
			detail: null,
		});
	});

	it("has failed when an event says so, unless it belongs to an earlier request", () => {
		const requested = event("cache.failover-requested", "2026-01-01T00:00:05.000Z");
		const earlier = event("cache.failover-failed", "2026-01-01T00:00:04.000Z");
		expect(failoverOutcome(awaited, cache(), [requested, earlier])).toBeNull();
		const failed = event("cache.failover-failed", "2026-01-01T00:00:06.000Z");
		expect(failoverOutcome(awaited, cache(), [failed, requested, earlier])).toEqual({
			leader: null,
			detail: failed.message,
		});
	});

	it("has words for planned and unplanned ones, and none for a pause that wasn't measured", () => {
		expect(unavailabilityWords(failover({ kind: "unplanned", writesUnavailableMs: 48 }))).toBe(
			"no writes for 48 ms",
		);
		expect(unavailabilityWords(failover({ writesUnavailableMs: 0.4 }))).toContain("less than 1 ms");
		expect(unavailabilityWords(failover({ writesUnavailableMs: null }))).toBeNull();
	});
});
