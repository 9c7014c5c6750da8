import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import type { FailoverOrder } from "../contract/desired-state.ts";
import type { OrderResult } from "../contract/host-report.ts";
import { FailoverOrders } from "./failover-orders.ts";

const time = { now: 0 };
let orders: FailoverOrders;
let id: string;

beforeEach(() => {
	time.now = 0;
	id = randomUUID();
	orders = new FailoverOrders({ now: () => new Date(time.now) });
	const member = { nodeId: "n1", clusterNodeId: "0".repeat(40), name: "o-1", host: "h", port: 1 };
	const order: FailoverOrder = {
		id,
		cacheId: "c",
		cacheName: "orders",
		kind: "unplanned",
		clusterMode: "disabled",
		from: member,
		fromState: "dead",
		candidates: [{ ...member, nodeId: "n2" }],
		others: [],
		receivers: [],
		takeover: false,
		sentinels: [],
	};
	orders.add({ order, shardId: "s", cause: "it exited", noticedAt: 0 });
});

const result = (outcome: OrderResult["outcome"]): OrderResult => ({
	id,
	outcome,
	message: outcome === "done" ? "" : "it answers",
	leaderNodeId: outcome === "done" ? "n2" : null,
	writesUnavailableMs: null,
});

describe("a failover order", () => {
	it("is pending until it is overdue, and has more time once its host has fetched it", () => {
		time.now = 1_400;
		expect(orders.fetch(id)).toBe(true);
		time.now = 1_400 + 4_999;
		expect(orders.underWay("s")?.order.id).toBe(id);
		time.now = 1_400 + 5_000;
		expect(orders.underWay("s")).toBeNull();
	});

	it("that its host doesn't fetch in time is void, and may be given again", () => {
		time.now = 1_501;
		expect(orders.underWay("s")).toBeNull();
		expect(orders.fetch(id)).toBe(false);
	});

	it("can't be fetched once it is over", () => {
		expect(orders.fetch(id)).toBe(true);
		expect(orders.fetch(id)).toBe(true);
		orders.finish(result("refused"));
		expect(orders.fetch(id)).toBe(false);
		orders.forget("s");
		expect(orders.fetch(id)).toBe(false);
	});

	it("that was refused may be given again a moment later", () => {
		expect(orders.finish(result("refused"))?.shardId).toBe("s");
		expect(orders.underWay("s")).not.toBeNull();
		time.now = 301;
		expect(orders.underWay("s")).toBeNull();
	});

	it("that is done holds others back until the engines confirm the new primary", () => {
		orders.finish(result("done"));
		time.now = 1_000;
		expect(orders.underWay("s")).not.toBeNull();
		orders.forget("s");
		expect(orders.underWay("s")).toBeNull();
	});

	it("keeps its first result, and takes none of another order", () => {
		orders.finish(result("done"));
		expect(orders.finish(result("failed"))).toBeNull();
		expect(orders.newest("s")?.result?.outcome).toBe("done");
		expect(orders.finish({ ...result("done"), id: randomUUID() })).toBeNull();
	});

	it("holds back work that can wait, for its cache or for all, until its result arrives", async () => {
		const resumed: string[] = [];
		const waiting = [
			orders.quiet().then(() => resumed.push("reports")),
			orders.quiet("c").then(() => resumed.push("the cache's pass")),
		];
		await orders.quiet("another");
		expect(resumed).toEqual([]);
		orders.finish(result("done"));
		await Promise.all(waiting);
		expect(resumed).toEqual(["reports", "the cache's pass"]);
		await orders.quiet();
	});

	it("that was dropped makes the shard troubled for a while", () => {
		orders.finish(result("failed"));
		orders.drop("s");
		expect(orders.newest("s")).toBeNull();
		expect(orders.isTroubled("s")).toBe(true);
		time.now = 60_001;
		expect(orders.isTroubled("s")).toBe(false);
	});
});
