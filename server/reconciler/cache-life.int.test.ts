import { randomUUID } from "node:crypto";
import { beforeEach, expect, it } from "vitest";
import { AGENT_PROTOCOL_VERSION } from "../contract/agent.ts";
import { createCacheInputSchema } from "../contract/create-cache.ts";
import type { AlertInput } from "../contract/host-alert.ts";
import { AGENT_TIMING } from "../contract/limits.ts";
import { expireLeases } from "../fleet/lease-keeper.ts";
import { meterNodes } from "../fleet/meter-nodes.ts";
import { takeAlert } from "../fleet/take-alert.ts";
import { createCache } from "../services/caches/create-cache.ts";
import { deleteCache } from "../services/caches/delete-cache.ts";
import { getCache } from "../services/caches/get-cache.ts";
import { getCredentials } from "../services/caches/get-credentials.ts";
import { promoteReplica } from "../services/caches/promote-replica.ts";
import { asRunning, enrollTestHost, type TestHost } from "../testing/test-host.ts";
import { openTestResources, type TestResources, testCaller } from "../testing/test-resources.ts";
import { reconcileCache } from "./reconcile-cache.ts";

let test: TestResources;
let hosts: TestHost[];
const caller = testCaller();

beforeEach(async () => {
	test = await openTestResources();
	hosts = [];
});

async function join(...zones: string[]) {
	for (const zone of zones) hosts.push(await enrollTestHost(test, `h${hosts.length + 1}`, zone));
}

async function settle() {
	const ids = (await test.resources.db.cache.findMany({ select: { id: true } })).map((c) => c.id);
	for (const id of ids) {
		let again = true;
		while (again) ({ again } = await reconcileCache(test.resources, id, (work) => work()));
	}
}

/** Makes hosts carry out the failover orders that they have. */
async function obeyAll() {
	for (const host of hosts) await host.obey();
	await settle();
}

async function convergeAll() {
	for (const host of hosts) await host.converge();
	await settle();
}

const create = (input: object) =>
	createCache(test.resources, caller, createCacheInputSchema.parse({ name: "orders", ...input }));
const orders = () => getCache(test.resources, { name: "orders" });

it("goes from request to available, across three zones, with one primary", async () => {
	await join("a", "b", "c");
	await create({ replicasPerShard: 2, multiAz: true });
	await settle();
	const creating = await orders();
	expect(creating.status).toBe("creating");
	expect(creating.endpoints.primary).toBeNull();
	const states = await Promise.all(hosts.map((host) => host.state()));
	const assignments = states.flatMap((state) => state.assignments);
	expect(assignments.map((a) => a.role.kind).sort()).toEqual(["primary", "replica", "replica"]);
	expect(assignments.map((a) => a.onExit).sort()).toEqual(["report", "restart", "restart"]);
	await convergeAll();
	const cache = await orders();
	expect(cache).toMatchObject({ status: "available", statusReason: null, port: 6379 });
	expect(cache.endpoints.primary?.port).toBe(6379);
	expect(new Set(cache.shards[0]?.nodes.map((node) => node.zone)).size).toBe(3);
	expect(cache.progress.every((step) => step.state === "done")).toBe(true);
});

it("waits with a reason while nothing fits, and continues by itself once it does", async () => {
	await join("a");
	await create({ replicasPerShard: 1, multiAz: true });
	await settle();
	expect((await orders()).statusReason).toContain("Multi-AZ needs hosts online in two zones");
	await settle();
	const waits = await test.resources.db.event.count({ where: { type: "cache.waiting" } });
	expect(waits).toBe(1);
	await join("b");
	expect(test.woken.length).toBeGreaterThan(0);
	await settle();
	await convergeAll();
	expect(await orders()).toMatchObject({ status: "available", statusReason: null });
});

it("promotes a replica when the primary's process ends, and brings the old one back as a replica", async () => {
	await join("a", "b");
	await create({ replicasPerShard: 1 });
	await settle();
	await convergeAll();
	const before = await orders();
	const leader = await leaderHost();
	await reportExit(leader);
	await settle();
	await obeyAll();
	const assignment = (await leader.state()).assignments[0];
	expect(assignment?.role.kind).toBe("replica");
	expect(assignment?.onExit).toBe("restart");
	await convergeAll();
	const after = await orders();
	expect(after.status).toBe("available");
	// The endpoint belongs to the gateways; it stays the same when another node becomes primary.
	expect(after.endpoints.primary).toEqual(before.endpoints.primary);
	const leaders = (cache: typeof after) =>
		cache.shards.flatMap(({ nodes }) => nodes.filter((node) => node.role === "primary"));
	expect(leaders(after)[0]?.id).not.toBe(leaders(before)[0]?.id);
	const types = (await test.resources.db.event.findMany({ orderBy: { at: "asc" } })).map(
		(event) => event.type,
	);
	expect(types).toContain("cache.failover");
});

it("learns of a death and of an order's end from alerts, before any report is stored", async () => {
	await join("a", "b");
	await create({ replicasPerShard: 1 });
	await settle();
	await convergeAll();
	const leader = await leaderHost();
	const [assignment] = (await leader.state()).assignments;
	if (assignment === undefined) throw new Error("no assignment");
	const ended = {
		...asRunning(assignment, 1),
		phase: "exited" as const,
		pid: null,
		engineState: null,
	};
	test.woken.length = 0;
	const alert = (host: TestHost, what: Partial<AlertInput>) =>
		takeAlert(test.resources, host.hostId, {
			...{ protocol: AGENT_PROTOCOL_VERSION, ended: [], orders: [] },
			...what,
		});
	await alert(leader, { ended: [ended] });
	expect(test.woken).toHaveLength(1);
	await settle();
	const notices = hosts.flatMap((host) => host.notices());
	const order = notices.flatMap((notice) => (notice.kind === "failover" ? [notice.order] : []))[0];
	const [heir] = order?.candidates ?? [];
	if (order === undefined || heir === undefined) throw new Error("no order");
	const done = {
		id: order.id,
		outcome: "done" as const,
		message: "",
		leaderNodeId: heir.nodeId,
		writesUnavailableMs: null,
	};
	const follower = hosts.find((host) => host !== leader) ?? leader;
	await alert(follower, { orders: [done] });
	// Gateways hear of it without waiting for the database, and only once, although the report repeats it.
	await alert(follower, { orders: [done] });
	const named = leader.notices().filter((notice) => notice.kind === "leader");
	expect(named).toMatchObject([{ nodeId: heir.nodeId }]);
	// Ended nodes that no host has reported before are ignored.
	const stranger = { ...ended, assignmentId: randomUUID() };
	await alert(leader, { ended: [stranger] });
	expect(test.resources.fleet.observation(stranger.assignmentId, null)).toBeNull();
});

it("asks for a person's decision if automatic failover is off, and then promotes", async () => {
	await join("a", "b");
	await create({ replicasPerShard: 1, automaticFailover: false });
	await settle();
	await convergeAll();
	await expect(promoteReplica(test.resources, caller, { name: "orders" })).rejects.toMatchObject({
		code: "conflict",
	});
	const leader = await leaderHost();
	await reportExit(leader);
	await settle();
	expect(await orders()).toMatchObject({ status: "unavailable" });
	expect((await orders()).statusReason).toContain("promote a replica to continue");
	await promoteReplica(test.resources, caller, { name: "orders" });
	await settle();
	await obeyAll();
	await convergeAll();
	expect((await orders()).status).toBe("available");
});

it("is gone only when every host has confirmed, at a revision that includes the removal", async () => {
	await join("a", "b");
	await meterNodes(test.resources);
	await create({ replicasPerShard: 1 });
	await settle();
	await convergeAll();
	const { time } = test;
	time.now = new Date(time.now.getTime() + 5_000);
	await deleteCache(test.resources, caller, { name: "orders" });
	await settle();
	expect((await orders()).status).toBe("deleting");
	// It has lived for less than the minute between two meterings.
	const day = await test.resources.db.cacheUsage.findMany({ where: { spanSeconds: 86_400 } });
	expect(day.reduce((sum, { nodeSeconds }) => sum + nodeSeconds, 0)).toBeCloseTo(10, 3);
	const [first, second] = hosts;
	// A report that was on its way before the host heard of the removal proves nothing.
	await first?.report({ revision: 0, observations: [] });
	await settle();
	expect((await orders()).shards[0]?.nodes).toHaveLength(2);
	for (const host of [first, second]) {
		const state = await host?.state();
		expect(state?.assignments).toEqual([]);
		await host?.report({ revision: state?.revision ?? -1, observations: [] });
	}
	await settle();
	await expect(orders()).rejects.toMatchObject({ code: "not_found" });
	// A cache of the same name may have its ports again immediately, another only later.
	await createCache(test.resources, caller, createCacheInputSchema.parse({ name: "carts" }));
	await settle();
	expect((await getCache(test.resources, { name: "carts" })).port).toBe(6381);
	await create({});
	await settle();
	expect((await orders()).port).toBe(6379);
});

it("shows a silent host's nodes as unknown and the cache as degraded, and touches nothing", async () => {
	await join("a", "b");
	await create({ replicasPerShard: 1 });
	await settle();
	await convergeAll();
	test.time.now = new Date(test.time.now.getTime() + AGENT_TIMING.leaseMs + 1);
	await hosts[1]?.report();
	await expireLeases(test.resources);
	await settle();
	const cache = await orders();
	expect(cache.status).toBe("degraded");
	expect(cache.statusReason).toContain("h1 is silent");
	expect(cache.shards[0]?.nodes.map((node) => node.status)).toContain("unknown");
	await convergeAll();
	expect((await orders()).status).toBe("available");
});

it("writes nothing for a heartbeat with only new offsets", async () => {
	await join("a");
	await create({});
	await settle();
	await convergeAll();
	const before = test.woken.length;
	await hosts[0]?.converge();
	expect(test.woken.length).toBe(before);
});

it("gives the password on request, records that in the audit log, and sends hosts only its hash", async () => {
	await join("a");
	await create({});
	await settle();
	const credentials = await getCredentials(test.resources, caller, { name: "orders" });
	expect(credentials.password?.length).toBeGreaterThanOrEqual(40);
	const audit = await test.resources.db.auditEntry.findMany();
	expect(audit.map((entry) => entry.action)).toContain("cache.read-credentials");
	const state = JSON.stringify(await hosts[0]?.state());
	expect(state).not.toContain(credentials.password);
	const row = JSON.stringify(await test.resources.db.cache.findFirst(), (_key, value) =>
		typeof value === "bigint" ? String(value) : value,
	);
	expect(row).not.toContain(credentials.password);
});

it("runs a request with an idempotency key once, even when it is sent twice at the same time", async () => {
	const input = createCacheInputSchema.parse({ name: "once" });
	const keyed = testCaller({ idempotencyKey: "k" });
	const [first, second] = await Promise.all([
		createCache(test.resources, keyed, input),
		createCache(test.resources, keyed, input),
	]);
	expect(second).toEqual(first);
	expect(await test.resources.db.cache.count()).toBe(1);
	await expect(
		createCache(test.resources, keyed, createCacheInputSchema.parse({ name: "other" })),
	).rejects.toMatchObject({ code: "idempotency_mismatch" });
	await expect(createCache(test.resources, caller, input)).rejects.toMatchObject({
		code: "already_exists",
		field: "name",
	});
});

async function leaderHost(): Promise<TestHost> {
	for (const host of hosts) {
		const state = await host.state();
		if (state.assignments[0]?.role.kind === "primary") return host;
	}
	throw new Error("no host has the primary");
}

/** The primary's host reports that its process ended; the other host reports that its link is down. */
async function reportExit(leader: TestHost) {
	for (const host of hosts) {
		const state = await host.state();
		const assignment = state.assignments[0];
		if (assignment === undefined) continue;
		const shared = {
			assignmentId: assignment.id,
			generation: assignment.generation,
			restarts: 0,
			launchPermit: assignment.launchPermit,
			startedAt: null,
			silentSince: null,
			busy: false,
			reboot: assignment.reboot,
			pendingParameters: [],
			clientLimit: null,
			keptData: false,
			port: assignment.port,
		};
		const of = assignment.role.kind === "replica" ? assignment.role.of : null;
		await host.report({
			revision: state.revision,
			observations: [
				host === leader
					? { ...shared, phase: "exited", reason: null, pid: null, engineState: null }
					: {
							...shared,
							phase: "running",
							reason: null,
							pid: 4_000 + Number(host.enrollment.name.slice(1)),
							engineState: {
								version: "9.1.2",
								role: "replica",
								loading: false,
								primaryHost: of?.host ?? null,
								primaryPort: of?.port ?? null,
								linkUp: false,
								synced: true,
								offset: 100,
								onlineReplicas: 0,
								cluster: null,
							},
						},
			],
		});
	}
}
