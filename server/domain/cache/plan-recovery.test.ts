import { describe, expect, it } from "vitest";
import type { CacheModel, HostModel } from "./model.ts";
import { planCache } from "./plan-cache.ts";
import { cache, dead, host, NOW, node, orphan, running } from "./testing/models.ts";

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
