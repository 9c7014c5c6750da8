import { beforeEach, describe, expect, it } from "vitest";
import { identifyHost } from "../auth/identify-host.ts";
import { createCacheInputSchema } from "../contract/cache.ts";
import { expireLeases } from "../fleet/lease-keeper.ts";
import { createCache } from "../services/caches/create-cache.ts";
import { getCache } from "../services/caches/get-cache.ts";
import { getOverview } from "../services/get-overview.ts";
import { drainHost, uncordonHost } from "../services/hosts/change-host.ts";
import { getHost } from "../services/hosts/get-host.ts";
import { markLostHosts } from "../services/hosts/mark-lost-hosts.ts";
import { removeHost } from "../services/hosts/remove-host.ts";
import { asRunning, enrolTestHost, type TestHost } from "../testing/test-host.ts";
import { openTestResources, type TestResources, testCaller } from "../testing/test-resources.ts";
import { reconcileCache } from "./reconcile-cache.ts";

let test: TestResources;
/** Those that report. */
let hosts: TestHost[];
const caller = testCaller();

beforeEach(async () => {
	test = await openTestResources();
	hosts = [];
	for (const zone of ["a", "b", "c"]) await join(zone);
});

async function join(zone: string) {
	hosts.push(await enrolTestHost(test, `h${hosts.length + 1}`, zone));
}

async function create(input: object) {
	const parsed = createCacheInputSchema.parse({ name: "orders", ...input });
	await createCache(test.resources, caller, parsed);
	await converge();
}
const orders = () => getCache(test.resources, { name: "orders" });
const host = (name: string) => getHost(test.resources, { name });
const members = async () => (await orders()).shards.flatMap((shard) => shard.nodes);
const namesOf = async () => (await members()).map((node) => node.id).sort();
const leader = async () => (await members()).find((node) => node.role === "primary");
const eventTypes = async () =>
	(await test.resources.db.event.findMany({ orderBy: { at: "asc" } })).map((event) => event.type);

/** As the reconciler's queue would, but for those that look again after a while. */
async function settle() {
	for (const { id } of await test.resources.db.cache.findMany({ select: { id: true } })) {
		let passes = 0;
		let again = true;
		while (again) {
			({ again } = await reconcileCache(test.resources, id, (work) => work()));
			passes += 1;
			if (passes > 20) throw new Error("the reconciler never rests");
		}
	}
}

const answered = new Set<string>();

/** Failover orders are carried out: the first candidate leads, and whoever led follows it. */
async function obey() {
	const given = hosts.flatMap((each) => each.notices());
	for (const each of hosts) await each.obey();
	for (const notice of given) {
		if (notice.kind !== "failover" || answered.has(notice.order.id)) continue;
		answered.add(notice.order.id);
		const { from, candidates } = notice.order;
		for (const each of hosts) {
			const { assignments, revision } = await each.state();
			if (!assignments.some(({ id }) => id === from.nodeId)) continue;
			const observations = assignments.map((assignment) =>
				asRunning(
					assignment.id === from.nodeId && candidates[0] !== undefined
						? { ...assignment, role: { kind: "replica", of: candidates[0] } }
						: assignment,
					4_000,
				),
			);
			await each.report({ revision, observations });
		}
	}
	await settle();
}

/** Hosts carry out what they are told until there is nothing more to do. */
async function converge() {
	await settle();
	for (let round = 0; round < 40; round++) {
		const before = await snapshot();
		await obey();
		for (const each of hosts) await each.converge();
		await settle();
		if (before === (await snapshot())) return;
	}
	throw new Error("the hosts don't come to rest");
}

async function snapshot(): Promise<string> {
	const states = await Promise.all(hosts.map((each) => each.state()));
	const shards = await test.resources.db.shard.findMany({ orderBy: { id: "asc" } });
	const notices = hosts.map((each) => each.notices().length);
	return JSON.stringify([states, shards, notices, await test.resources.db.node.count()]);
}

/** Time passes, and only those that are left say so. */
async function silence(names: readonly string[], seconds = 11) {
	const gone = await Promise.all(names.map((name) => host(name)));
	hosts = hosts.filter((each) => !gone.some(({ id }) => id === each.hostId));
	await passSeconds(seconds);
}

async function passSeconds(seconds: number) {
	for (let second = 0; second < seconds; second++) {
		test.time.now = new Date(test.time.now.getTime() + 1_000);
		for (const each of hosts) await each.report();
		if (second % 5 === 0 || second === seconds - 1) {
			await expireLeases(test.resources);
			await markLostHosts(test.resources);
		}
	}
}

describe("a drain", () => {
	it("moves a primary by a planned failover, and its name with it", async () => {
		await create({ replicasPerShard: 1 });
		const before = await leader();
		const names = await namesOf();
		await drainHost(test.resources, caller, { name: before?.host ?? "" });
		await converge();
		expect(await host(before?.host ?? "")).toMatchObject({ nodeCount: 0, draining: true });
		expect(await orders()).toMatchObject({
			status: "available",
			lastFailover: { kind: "planned", from: before?.id },
		});
		expect(await namesOf()).toEqual(names);
		const nodes = await members();
		expect(new Set(nodes.map((node) => node.host)).size).toBe(2);
		expect(nodes.map((node) => node.host)).not.toContain(before?.host);
		expect(await eventTypes()).toEqual(expect.arrayContaining(["node.moving", "node.moved"]));
	});

	it("moves a primary without a replica, and nothing is restarted empty", async () => {
		await create({});
		const before = await leader();
		await drainHost(test.resources, caller, { name: before?.host ?? "" });
		await converge();
		const after = await leader();
		expect(after?.id).toBe(before?.id);
		expect(after?.host).not.toBe(before?.host);
		const [row] = await test.resources.db.node.findMany();
		expect(row).toMatchObject({ onExit: "restart", followsNodeId: null, replacesNodeId: null });
		expect(await eventTypes()).not.toContain("node.started-empty");
	});

	it("moves the members of a cluster, whose nodes are told who has left", async () => {
		await create({ clusterMode: "enabled", shards: 3, replicasPerShard: 1 });
		const names = await namesOf();
		const count = (await host("h1")).nodeCount;
		expect(count).toBeGreaterThan(0);
		await drainHost(test.resources, caller, { name: "h1" });
		await converge();
		expect(await host("h1")).toMatchObject({ nodeCount: 0 });
		expect(await orders()).toMatchObject({ status: "available" });
		expect(await namesOf()).toEqual(names);
		for (const shard of (await orders()).shards) {
			expect(new Set(shard.nodes.map((node) => node.host)).size).toBe(2);
		}
		const state = await hosts[1]?.state();
		expect(state?.assignments[0]?.cluster?.former).toHaveLength(count);
		const released = await test.resources.db.releasedPort.count();
		expect(released).toBeGreaterThanOrEqual(count);
	});

	it("moves Memcached's nodes, the new one before the old one goes", async () => {
		await create({ engine: "memcached", nodes: 2 });
		const [first] = await members();
		const names = await namesOf();
		await drainHost(test.resources, caller, { name: first?.host ?? "" });
		await settle();
		expect(await members()).toHaveLength(3);
		await settle();
		expect((await orders()).status).toBe("modifying");
		await converge();
		expect(await eventTypes()).not.toContain("cache.degraded");
		expect(await host(first?.host ?? "")).toMatchObject({ nodeCount: 0 });
		expect(await namesOf()).toEqual(names);
		const routes = (await hosts[0]?.state())?.routeTable?.routes ?? [];
		expect(routes[0]?.discovery?.nodes).toHaveLength(2);
	});

	it("says what is short where no other host has room, and goes on once one has", async () => {
		await create({ replicasPerShard: 2 });
		await drainHost(test.resources, caller, { name: "h3" });
		await settle();
		const reason = (await host("h3")).statusReason;
		expect(reason).toContain("can't leave h3");
		expect(reason).toContain("Add a host with larder agent --join");
		const waiting = (await eventTypes()).filter((type) => type === "node.move-waiting");
		expect(waiting).toHaveLength(1);
		await join("d");
		await converge();
		expect(await host("h3")).toMatchObject({ nodeCount: 0, statusReason: expect.any(String) });
		expect((await members()).map((node) => node.host).sort()).toEqual(["h1", "h2", "h4"]);
	});

	it("is called off with everything as it was, without a failover", async () => {
		await create({ replicasPerShard: 1 });
		const before = await members();
		const primary = await leader();
		await drainHost(test.resources, caller, { name: primary?.host ?? "" });
		await settle();
		expect(await members()).toHaveLength(3);
		await uncordonHost(test.resources, caller, { name: primary?.host ?? "" });
		await converge();
		const placed = (nodes: typeof before) => nodes.map(({ id, host: on }) => `${id} ${on}`).sort();
		expect(placed(await members())).toEqual(placed(before));
		expect((await orders()).lastFailover).toBeNull();
		expect(await test.resources.db.node.count()).toBe(2);
	});
});

describe("a host that is lost", () => {
	it("has its nodes replaced, and stops the old ones when it returns", async () => {
		await create({ replicasPerShard: 1 });
		const replica = (await members()).find((node) => node.role === "replica");
		const names = await namesOf();
		const lost = hosts.find((each) => each.enrolment.name === replica?.host);
		if (lost === undefined) throw new Error("no replica");
		await silence([replica?.host ?? ""], 30);
		await converge();
		expect(await members()).toHaveLength(2);
		await passSeconds(35);
		expect(await host(replica?.host ?? "")).toMatchObject({ lost: true, status: "offline" });
		await converge();
		expect(await namesOf()).toEqual(names);
		expect((await members()).map((node) => node.host)).not.toContain(replica?.host);
		expect(await orders()).toMatchObject({ status: "available" });
		expect(await test.resources.db.node.count()).toBe(3);
		hosts.push(lost);
		await lost.report();
		expect((await lost.state()).assignments).toEqual([]);
		await converge();
		expect(await test.resources.db.node.count()).toBe(2);
		expect(await host(replica?.host ?? "")).toMatchObject({ lost: false, nodeCount: 0 });
	});

	it("and returns before its replacement is in sync keeps its node", async () => {
		await create({ replicasPerShard: 1 });
		const replica = (await members()).find((node) => node.role === "replica");
		const lost = hosts.find((each) => each.enrolment.name === replica?.host);
		if (lost === undefined) throw new Error("no replica");
		await silence([replica?.host ?? ""], 65);
		await settle();
		expect(await members()).toHaveLength(3);
		await lost.converge();
		await settle();
		hosts.push(lost);
		await converge();
		expect((await members()).map((node) => node.host)).toContain(replica?.host);
		expect(await test.resources.db.node.count()).toBe(2);
	});

	it("with the only copy is waited for, until somebody gives the data up", async () => {
		await create({});
		const primary = await leader();
		const name = primary?.host ?? "";
		const credential = `Bearer ${hosts.find((each) => each.enrolment.name === name)?.enrolment.credential}`;
		const remove = (lost: boolean) => removeHost(test.resources, caller, { name, lost });
		await expect(remove(true)).rejects.toMatchObject({ code: "conflict" });
		await silence([name], 65);
		await converge();
		expect(await orders()).toMatchObject({ statusReason: expect.stringContaining("--lost") });
		expect(await test.resources.db.node.count()).toBe(1);
		await expect(remove(false)).rejects.toMatchObject({ code: "conflict", field: "lost" });
		await remove(true);
		await converge();
		await markLostHosts(test.resources);
		expect(await leader()).toMatchObject({ id: primary?.id });
		expect((await leader())?.host).not.toBe(name);
		expect(await orders()).toMatchObject({ status: "available", statusReason: null });
		expect(await eventTypes()).toEqual(
			expect.arrayContaining(["host.given-up", "node.started-empty", "host.removed"]),
		);
		await expect(host(name)).rejects.toMatchObject({ code: "not_found" });
		await expect(identifyHost(test.resources, credential)).rejects.toMatchObject({
			code: "unauthenticated",
		});
	});

	it("with others at once is safe mode: nothing is replaced until they return", async () => {
		await create({ replicasPerShard: 2 });
		const away = hosts.slice(1);
		await silence(["h2", "h3"], 90);
		await settle();
		expect((await getOverview(test.resources)).safeMode).toEqual({ silentHosts: ["h2", "h3"] });
		expect(await host("h2")).toMatchObject({
			...{ lost: false, status: "offline" },
			gateway: { status: "unknown" },
		});
		expect(await test.resources.db.node.count()).toBe(3);
		hosts.push(...away);
		await passSeconds(2);
		expect((await getOverview(test.resources)).safeMode).toBeNull();
		expect(await eventTypes()).toEqual(
			expect.arrayContaining(["fleet.safe-mode", "fleet.safe-mode-ended"]),
		);
	});
});

it("Multi-AZ that was degraded is mended once a host in another zone has come", async () => {
	await create({ replicasPerShard: 1, multiAz: true });
	const replica = (await members()).find((node) => node.role === "replica");
	const primary = await leader();
	const spare = ["h1", "h2", "h3"].find((name) => ![replica?.host, primary?.host].includes(name));
	await removeHost(test.resources, caller, { name: spare ?? "", lost: false });
	hosts = hosts.filter((each) => each.enrolment.name !== spare);
	await silence([replica?.host ?? ""]);
	expect(await orders()).toMatchObject({
		multiAzStatus: "degraded",
		multiAzReason: expect.stringContaining(`${replica?.id} on ${replica?.host}`),
	});
	hosts.push(await enrolTestHost(test, "h4", primary?.zone ?? ""));
	await passSeconds(60);
	await converge();
	expect(await orders()).toMatchObject({
		status: "available",
		multiAzStatus: "degraded",
		multiAzReason: expect.stringContaining(`All nodes of orders are in zone ${primary?.zone}`),
	});
	hosts.push(await enrolTestHost(test, "h5", "d"));
	await passSeconds(2);
	await converge();
	expect(await orders()).toMatchObject({ status: "available", multiAzStatus: "enabled" });
	expect((await members()).map((node) => node.host).sort()).toEqual([primary?.host, "h5"].sort());
	expect((await orders()).lastFailover).toBeNull();
});

it("an empty host is removed at once, and a name that isn't known is said so", async () => {
	await removeHost(test.resources, caller, { name: "h2", lost: false });
	await expect(host("h2")).rejects.toMatchObject({ code: "not_found" });
	await expect(drainHost(test.resources, caller, { name: "h9" })).rejects.toMatchObject({
		code: "not_found",
		field: "name",
	});
	const audit = await test.resources.db.auditEntry.findMany({ where: { action: "host.remove" } });
	expect(audit).toHaveLength(1);
});
