import { beforeEach, describe, expect, it } from "vitest";
import { modifyCacheInputSchema } from "../contract/modify-cache.ts";
import { blocksColumn } from "../data/blocks-column.ts";
import { failoverColumn } from "../data/cache-mapping.ts";
import { modifyCache } from "../services/caches/modify-cache.ts";
import { drainHost, uncordonHost } from "../services/hosts/change-host.ts";
import { TestFleet } from "../testing/test-fleet.ts";
import { asRunning } from "../testing/test-host.ts";

let fleet: TestFleet;

beforeEach(async () => {
	fleet = await TestFleet.open();
});

const row = () => fleet.test.resources.db.cache.findFirstOrThrow();
const shard = () => fleet.test.resources.db.shard.findFirstOrThrow();
const blocks = async () => blocksColumn.parse((await row()).blocks);
const lastFailover = async () => failoverColumn.parse((await row()).lastFailover);
const count = async (type: string) =>
	(await fleet.eventTypes()).filter((each) => each === type).length;

async function hostOf(node: { host: string } | undefined) {
	const found = fleet.hosts.find(({ enrollment }) => enrollment.name === node?.host);
	if (found === undefined) throw new Error("no such host");
	return found;
}

describe("a control plane that restarts in the middle of a failover", () => {
	it("knows why the failover was ordered, even if a host carries out the order meanwhile", async () => {
		await fleet.create({ replicasPerShard: 1 });
		const leader = await fleet.leader();
		const host = await hostOf(leader);
		const { assignments, revision } = await host.state();
		await host.report({
			revision,
			observations: assignments.map((each) => ({
				...asRunning(each, 4_001),
				...{ phase: "exited" as const, pid: null, engineState: null },
			})),
		});
		await fleet.settle();
		const cause = `${leader?.id} on ${leader?.host} exited`;
		expect((await shard()).failoverCause).toEqual({ kind: "unplanned", cause });
		await fleet.restart();
		await fleet.obey();
		await fleet.converge();
		expect((await fleet.leader())?.id).not.toBe(leader?.id);
		expect(await lastFailover()).toMatchObject({ kind: "unplanned", cause });
		expect((await shard()).failoverCause).toBeNull();
	});

	it("gives the order of a requested failover again, with the original reason", async () => {
		await fleet.create({ replicasPerShard: 1 });
		const leader = await fleet.leader();
		await drainHost(fleet.test.resources, fleet.caller, { name: leader?.host ?? "" });
		await fleet.settle();
		for (let round = 0; (await shard()).failoverRequestedAt === null; round++) {
			if (round > 20) throw new Error("no failover was requested");
			for (const each of fleet.hosts) await each.converge();
			await fleet.settle();
		}
		const cause = `${leader?.id} is leaving ${leader?.host}`;
		expect((await shard()).failoverCause).toEqual({ kind: "planned", cause });
		await fleet.restart({ forgetsNotices: true });
		for (const each of fleet.hosts) await each.converge();
		await fleet.converge();
		expect(await lastFailover()).toMatchObject({ kind: "planned", cause });
		expect((await shard()).failoverCause).toBeNull();
	});

	it("forgets why if the old primary is back before another takes over", async () => {
		await fleet.create({ replicasPerShard: 1 });
		const { db } = fleet.test.resources;
		const failoverCause = { kind: "unplanned", cause: "orders-001 on h1 can't be reached" };
		await db.shard.updateMany({ data: { failoverCause } });
		await fleet.converge();
		expect((await shard()).failoverCause).toBeNull();
	});
});

describe("what blocks a cache", () => {
	const modify = (change: object) => {
		const input = modifyCacheInputSchema.parse({ name: "orders", ...change });
		return modifyCache(fleet.test.resources, fleet.caller, input);
	};

	it("survives a restart, is reported once, and vanishes with its cause", async () => {
		await fleet.create({ nodeType: "cache.t4g.medium" });
		await modify({ replicasPerShard: 3 });
		await fleet.converge();
		const reason = expect.stringMatching(/^No capacity: /);
		expect(await fleet.orders()).toMatchObject({ status: "modifying", statusReason: reason });
		expect(await blocks()).toEqual([{ step: "add-nodes", nodeId: null, reason }]);
		await fleet.restart();
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({ status: "modifying", statusReason: reason });
		expect(await count("cache.waiting")).toBe(1);
		await fleet.join("a");
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({ status: "available", statusReason: null });
		expect(await blocks()).toEqual([]);
	});

	it("on a drained host shows there, and vanishes when the drain is canceled", async () => {
		await fleet.create({ nodeType: "cache.t4g.medium", replicasPerShard: 2 });
		await drainHost(fleet.test.resources, fleet.caller, { name: "h1" });
		await fleet.converge();
		const stuck = { node: expect.any(String), reason: expect.any(String) };
		expect((await fleet.host("h1")).stuckNodes).toMatchObject([stuck]);
		await fleet.restart();
		await fleet.converge();
		expect((await fleet.host("h1")).stuckNodes).toMatchObject([stuck]);
		expect(await count("node.move-waiting")).toBe(1);
		await uncordonHost(fleet.test.resources, fleet.caller, { name: "h1" });
		await fleet.converge();
		expect(await blocks()).toEqual([]);
		expect(await fleet.orders()).toMatchObject({ status: "available", statusReason: null });
	});
});
