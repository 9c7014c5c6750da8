import { beforeEach, describe, expect, it } from "vitest";
import { identifyHost } from "../auth/identify-host.ts";
import type { Cache } from "../contract/index.ts";
import { deleteCache } from "../services/caches/delete-cache.ts";
import { getCache } from "../services/caches/get-cache.ts";
import { getOverview } from "../services/get-overview.ts";
import { drainHost } from "../services/hosts/change-host.ts";
import { markLostHosts } from "../services/hosts/mark-lost-hosts.ts";
import { removeHost } from "../services/hosts/remove-host.ts";
import { TestFleet } from "../testing/test-fleet.ts";
import { asRunning } from "../testing/test-host.ts";
import { reconcileTogether } from "./reconcile-together.ts";

let fleet: TestFleet;

beforeEach(async () => {
	fleet = await TestFleet.open();
});

it("when a host with nodes of several caches falls silent, all of them are reconciled together", async () => {
	const names = ["orders", "carts", "views"];
	for (const name of names) await fleet.create({ name, replicasPerShard: 1 });
	const { resources } = fleet.test;
	const read = () => Promise.all(names.map((name) => getCache(resources, { name })));
	const before = await read();
	const primaryHostOf = (cache: Cache) =>
		cache.shards.flatMap(({ nodes }) => nodes).find(({ role }) => role === "primary")?.host;
	const lost = primaryHostOf(before[0] as Cache) ?? "";
	const led = before.filter((cache) => primaryHostOf(cache) === lost).map(({ name }) => name);
	await fleet.silence([lost]);
	const rows = await resources.db.cache.findMany({ select: { id: true, name: true } });
	const look = async () => {
		const fail = (error: unknown) => {
			throw error;
		};
		const ids = [...rows.map(({ id }) => id), "gone"];
		const done = await reconcileTogether(resources, ids, fail);
		return new Map(
			done.map(({ cacheId, left }) => [rows.find(({ id }) => id === cacheId)?.name, left]),
		);
	};
	await look();
	const ordered = fleet.hosts.flatMap((each) => each.notices());
	const orders = ordered.flatMap((notice) => (notice.kind === "failover" ? notice.order : []));
	expect(orders.map(({ cacheName }) => cacheName).sort()).toEqual([...led].sort());
	const shards = await resources.db.shard.findMany({ include: { cache: true } });
	for (const { cache, failoverCause } of shards) {
		const cause = expect.stringContaining("the host is silent");
		expect(failoverCause).toEqual(led.includes(cache.name) ? { kind: "unplanned", cause } : null);
	}
	// Each is ordered once.
	await look();
	expect(fleet.hosts.flatMap((each) => each.notices())).toHaveLength(ordered.length);
	for (const each of fleet.hosts) await each.obey();
	const left = await look();
	for (const name of led) expect(left.get(name)).toBe("look");
	const after = await read();
	expect(after.map(primaryHostOf)).not.toContain(lost);
	for (const { name, lastFailover } of after) {
		if (led.includes(name))
			expect(lastFailover).toMatchObject({ fromHost: lost, kind: "unplanned" });
		else expect(lastFailover).toBeNull();
	}
	const events = await resources.db.event.findMany({ where: { type: "cache.failover" } });
	expect(events.map(({ cacheName }) => cacheName).sort()).toEqual([...led].sort());
	await look();
	expect((await read()).map(({ status }) => status)).toContain("degraded");
	await fleet.converge();
});

it("a cache that can't be stored doesn't hold up those that are reconciled with it", async () => {
	const names = ["orders", "carts"];
	for (const name of names) await fleet.create({ name, replicasPerShard: 2 });
	const { resources } = fleet.test;
	const { db } = resources;
	const caches = await db.cache.findMany({ orderBy: { name: "desc" } });
	const [orders = "", carts = ""] = caches.map(({ id }) => id);
	await db.cache.updateMany({ data: { status: "creating" } });
	await db.$executeRaw`
		ALTER TABLE "Cache" ADD CONSTRAINT "refused" CHECK ("name" = 'carts' OR "status" = 'creating')`;
	try {
		const errors: unknown[] = [];
		const done = await reconcileTogether(resources, [orders, carts], (error) => errors.push(error));
		expect(errors).toHaveLength(1);
		expect(done.map(({ left }) => left)).toEqual(["pass", "pass"]);
		await fleet.pass(carts);
		await expect(fleet.pass(orders)).rejects.toThrow("refused");
	} finally {
		await db.$executeRaw`ALTER TABLE "Cache" DROP CONSTRAINT "refused"`;
	}
	const statuses = await db.cache.findMany({ orderBy: { name: "desc" } });
	expect(statuses.map(({ status }) => status)).toEqual(["creating", "available"]);
});

describe("a host that is lost", () => {
	it("has its nodes replaced, and stops the old ones when it returns", async () => {
		await fleet.create({ replicasPerShard: 1 });
		const replica = (await fleet.members()).find((node) => node.role === "replica");
		const names = await fleet.namesOf();
		const lost = fleet.hosts.find((each) => each.enrollment.name === replica?.host);
		if (lost === undefined) throw new Error("no replica");
		const full = {
			...{ code: "disk-full", severity: "error" as const, title: "disk full" },
			...{ message: "The disk is full.", remedy: "Free some space.", command: null },
		};
		await lost.report({ warnings: [full] });
		await lost.report();
		expect((await fleet.host(lost.enrollment.name)).warnings).toEqual([full]);
		await fleet.silence([replica?.host ?? ""], 30);
		await fleet.converge();
		expect(await fleet.members()).toHaveLength(2);
		// The cause of its warnings may be gone.
		expect((await fleet.host(lost.enrollment.name)).warnings).toEqual([]);
		await fleet.passSeconds(35);
		expect(await fleet.host(replica?.host ?? "")).toMatchObject({ lost: true, status: "offline" });
		await fleet.converge();
		expect(await fleet.namesOf()).toEqual(names);
		expect((await fleet.members()).map((node) => node.host)).not.toContain(replica?.host);
		expect(await fleet.orders()).toMatchObject({ status: "available" });
		expect(await fleet.test.resources.db.node.count()).toBe(3);
		fleet.hosts.push(lost);
		await lost.report({ warnings: [] });
		expect((await fleet.host(lost.enrollment.name)).warnings).toEqual([]);
		expect((await lost.state()).assignments).toEqual([]);
		await fleet.converge();
		expect(await fleet.test.resources.db.node.count()).toBe(2);
		expect(await fleet.host(replica?.host ?? "")).toMatchObject({ lost: false, nodeCount: 0 });
	});

	it("and returns before its node's replacement is in sync keeps the node", async () => {
		await fleet.create({ replicasPerShard: 1 });
		const replica = (await fleet.members()).find((node) => node.role === "replica");
		const lost = fleet.hosts.find((each) => each.enrollment.name === replica?.host);
		if (lost === undefined) throw new Error("no replica");
		await fleet.silence([replica?.host ?? ""], 65);
		await fleet.settle();
		expect(await fleet.test.resources.db.node.count()).toBe(3);
		await lost.converge();
		await fleet.settle();
		fleet.hosts.push(lost);
		await fleet.converge();
		expect((await fleet.members()).map((node) => node.host)).toContain(replica?.host);
		expect(await fleet.test.resources.db.node.count()).toBe(2);
	});

	it("isn't declared lost by a control plane that can't keep up, until it has kept up for as long", async () => {
		await fleet.create({ replicasPerShard: 1 });
		const replica = (await fleet.members()).find((node) => node.role === "replica");
		await fleet.silence([replica?.host ?? ""], 40);
		fleet.test.resources.fleet.noteRead(2_000);
		await fleet.passSeconds(30);
		expect(await fleet.host(replica?.host ?? "")).toMatchObject({ lost: false, status: "offline" });
		await fleet.passSeconds(35);
		expect(await fleet.host(replica?.host ?? "")).toMatchObject({ lost: true });
		const behind = (await fleet.eventTypes()).filter((type) => /behind|caught-up/.test(type));
		expect(behind).toEqual(["fleet.behind", "fleet.caught-up"]);
	});

	it("with the only copy is waited for, until a person gives up the data", async () => {
		await fleet.create({});
		const primary = await fleet.leader();
		const name = primary?.host ?? "";
		const credential = `Bearer ${fleet.hosts.find((each) => each.enrollment.name === name)?.enrollment.credential}`;
		const remove = (lost: boolean) =>
			removeHost(fleet.test.resources, fleet.caller, { name, lost });
		await expect(remove(true)).rejects.toMatchObject({ code: "conflict" });
		await fleet.silence([name], 65);
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({
			statusReason: expect.stringContaining("as lost"),
		});
		expect(await fleet.test.resources.db.node.count()).toBe(1);
		await expect(remove(false)).rejects.toMatchObject({ code: "conflict", field: "lost" });
		await remove(true);
		await fleet.converge();
		await markLostHosts(fleet.test.resources);
		expect(await fleet.leader()).toMatchObject({ id: primary?.id });
		expect((await fleet.leader())?.host).not.toBe(name);
		expect(await fleet.orders()).toMatchObject({ status: "available", statusReason: null });
		expect(await fleet.eventTypes()).toEqual(
			expect.arrayContaining(["host.given-up", "node.started-empty", "host.removed"]),
		);
		await expect(fleet.host(name)).rejects.toMatchObject({ code: "not_found" });
		await expect(identifyHost(fleet.test.resources, credential)).rejects.toMatchObject({
			code: "unauthenticated",
		});
	});

	it("together with others means safe mode: nothing is replaced until they return", async () => {
		await fleet.create({ replicasPerShard: 2 });
		const away = fleet.hosts.slice(1);
		await fleet.silence(["h2", "h3"], 90);
		await fleet.settle();
		expect((await getOverview(fleet.test.resources)).safeMode).toEqual({
			silentHosts: ["h2", "h3"],
		});
		expect(await fleet.host("h2")).toMatchObject({
			...{ lost: false, status: "offline" },
			gateway: { status: "unknown" },
		});
		expect(await fleet.test.resources.db.node.count()).toBe(3);
		fleet.hosts.push(...away);
		await fleet.passSeconds(2);
		expect((await getOverview(fleet.test.resources)).safeMode).toBeNull();
		expect(await fleet.eventTypes()).toEqual(
			expect.arrayContaining(["fleet.safe-mode", "fleet.safe-mode-ended"]),
		);
	});
});

describe("a cache that is deleted while one of its hosts is away", () => {
	async function deleteWithout(name: string) {
		const [away] = fleet.hosts.filter((each) => each.enrollment.name === name);
		const before = await away?.state();
		await fleet.silence([name]);
		await deleteCache(fleet.test.resources, fleet.caller, { name: "orders" });
		await fleet.converge();
		expect((await fleet.orders()).statusReason).toContain(`Waiting for ${name} to return`);
		return { away, ids: before?.assignments.map(({ id }) => id) ?? [], before };
	}
	const count = () => fleet.test.resources.db.abandonedNode.count();

	it("is gone once that host counts as lost, and the host removes its nodes when it returns", async () => {
		await fleet.create({ replicasPerShard: 2 });
		const { away, ids, before } = await deleteWithout("h2");
		await fleet.passSeconds(60);
		await fleet.settle();
		await expect(fleet.orders()).rejects.toMatchObject({ code: "not_found" });
		if (away === undefined || before === undefined) throw new Error("no host");
		expect(await count()).toBe(1);
		// Its port is taken until then, however long that lasts; the name is free.
		await fleet.passSeconds(20 * 60);
		fleet.hosts.push(away);
		await away.report({
			revision: before.revision,
			observations: before.assignments.map((assignment) => asRunning(assignment, 4_000)),
		});
		expect(await away.state()).toMatchObject({ assignments: [], deleted: ids });
		expect(await count()).toBe(1);
		await fleet.create({ replicasPerShard: 2 });
		const [assignment] = (await away.state()).assignments;
		expect(assignment?.port).not.toBe(before.assignments[0]?.port);
		await away.converge();
		expect(await count()).toBe(0);
		expect((await away.state()).deleted).toEqual([]);
		const released = await fleet.test.resources.db.releasedPort.findMany({
			where: { hostId: away.hostId },
		});
		expect(released.map(({ port }) => port)).toEqual(before.assignments.map(({ port }) => port));
	});

	it("is gone at once when a person says that the host won't come back", async () => {
		await fleet.create({ replicasPerShard: 2 });
		await deleteWithout("h2");
		await removeHost(fleet.test.resources, fleet.caller, { name: "h2", lost: true });
		await fleet.settle();
		await expect(fleet.orders()).rejects.toMatchObject({ code: "not_found" });
		await fleet.passSeconds(1);
		await expect(fleet.host("h2")).rejects.toMatchObject({ code: "not_found" });
		expect(await count()).toBe(0);
	});
});

it("an empty host is removed at once, and an unknown name is refused", async () => {
	await removeHost(fleet.test.resources, fleet.caller, { name: "h2", lost: false });
	await expect(fleet.host("h2")).rejects.toMatchObject({ code: "not_found" });
	await expect(drainHost(fleet.test.resources, fleet.caller, { name: "h9" })).rejects.toMatchObject(
		{
			code: "not_found",
			field: "name",
		},
	);
	const audit = await fleet.test.resources.db.auditEntry.findMany({
		where: { action: "host.remove" },
	});
	expect(audit).toHaveLength(1);
});
