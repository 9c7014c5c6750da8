import { beforeEach, expect, it, vi } from "vitest";
import type { Urgency } from "../services/context.ts";
import { TestFleet } from "../testing/test-fleet.ts";
import { asRunning, HOLDS_NOTHING, TEST_EPOCH, type TestHost } from "../testing/test-host.ts";
import { expireLeases, watchSuspects } from "./lease-keeper.ts";
import { watchHost } from "./watch-host.ts";

let fleet: TestFleet;
let woken: Map<string, Urgency | undefined>;

/** Two caches whose nodes are on the same three hosts. */
beforeEach(async () => {
	fleet = await TestFleet.open();
	for (const name of ["orders", "carts"]) await fleet.create({ name, replicasPerShard: 2 });
	woken = new Map();
	fleet.test.resources.wakeCache = (cacheId, urgency) =>
		woken.set(cacheId, woken.get(cacheId) ?? urgency);
});

/** A host that runs a primary, and the caches with nodes there, by whether they lead. */
async function primaryHost() {
	const { db } = fleet.test.resources;
	const shard = await db.shard.findFirstOrThrow({ where: { cache: { name: "orders" } } });
	const primary = await db.node.findUniqueOrThrow({ where: { id: shard.primaryNodeId ?? "" } });
	const led = await db.node.findMany({ where: { hostId: primary.hostId, followsNodeId: null } });
	const all = await db.cache.findMany({ select: { id: true } });
	const isLed = (id: string) => led.some(({ cacheId }) => cacheId === id);
	const urgencies = all.map(({ id }) => [id, isLed(id) ? "urgent" : undefined] as const);
	return { hostId: primary.hostId, shardId: shard.id, cacheId: shard.cacheId, urgencies };
}

/** All hosts report except one, until its heartbeat is late, or its lease has run out. */
async function passWithout(hostId: string, seconds: number): Promise<void> {
	for (let second = 0; second < seconds; second++) {
		fleet.test.time.now = new Date(fleet.test.time.now.getTime() + 1_000);
		for (const host of fleet.hosts) if (host.hostId !== hostId) await host.report();
	}
}

it("the caches that a late host leads are woken urgently until their failovers are ordered, the others once", async () => {
	const { resources } = fleet.test;
	const { hostId, urgencies, cacheId } = await primaryHost();
	await passWithout(hostId, 6);
	woken.clear();
	await watchSuspects(resources);
	expect(woken).toEqual(new Map(urgencies));
	woken.clear();
	await watchSuspects(resources);
	expect(woken).toEqual(new Map(urgencies.filter(([, urgency]) => urgency === "urgent")));
	await fleet.pass(cacheId);
	woken.clear();
	await watchSuspects(resources);
	expect(woken.has(cacheId)).toBe(false);
	// Nobody fetches the order: it must be given again.
	await passWithout(hostId, 2);
	await watchSuspects(resources);
	expect(woken.get(cacheId)).toBe("urgent");
	// The host is back, so nothing needs an order.
	for (const host of fleet.hosts) await host.report();
	woken.clear();
	await watchSuspects(resources);
	expect(woken).toEqual(new Map());
});

it("hosts whose leases have run out are marked together, and later if that fails", async () => {
	const { resources } = fleet.test;
	const { hostId, urgencies } = await primaryHost();
	await passWithout(hostId, 11);
	woken.clear();
	const write = vi.spyOn(resources.db, "$transaction").mockRejectedValueOnce(new Error("no room"));
	await expect(expireLeases(resources)).rejects.toThrow("no room");
	write.mockRestore();
	expect(woken).toEqual(new Map());
	await expireLeases(resources);
	expect(woken).toEqual(new Map(urgencies));
	const hosts = await resources.db.host.findMany({ where: { online: false } });
	expect(hosts.map(({ id }) => id)).toEqual([hostId]);
	expect(hosts[0]?.lastSeenAt).toEqual(resources.fleet.lastSeenAt(hostId));
});

/** The report of a host whose replica has become a primary. */
async function promote(host: TestHost): Promise<{ nodeId: string; ended: Promise<void> }> {
	const { revision, assignments } = await host.state();
	const [heir] = assignments;
	// The same process as before.
	const pid = fleet.test.resources.fleet.observation(heir?.id ?? "", null)?.pid ?? 0;
	if (heir === undefined) throw new Error("no node");
	const observations = assignments.map((each) =>
		asRunning(each === heir ? { ...each, role: { kind: "primary" } } : each, pid),
	);
	return { nodeId: heir.id, ended: host.report({ revision, observations }) };
}

it("a replica that has become a primary is known before the database can store it", async () => {
	const { resources } = fleet.test;
	const { db } = resources;
	const { cacheId, shardId } = await primaryHost();
	const replica = await db.node.findFirstOrThrow({
		where: { shardId, followsNodeId: { not: null } },
	});
	await db.node.deleteMany({ where: { hostId: replica.hostId, cacheId: { not: cacheId } } });
	const host = fleet.hosts.find((each) => each.hostId === replica.hostId);
	if (host === undefined) throw new Error("no host");
	let store = () => {};
	const stored = new Promise<void>((resolve) => {
		store = resolve;
	});
	vi.spyOn(resources.orders, "quiet").mockReturnValueOnce(stored);
	woken.clear();
	const { nodeId, ended } = await promote(host);
	expect(nodeId).toBe(replica.id);
	expect(woken.get(cacheId)).toBe("urgent");
	expect(resources.fleet.observation(nodeId, null)?.engineState?.role).toBe("primary");
	store();
	await ended;
	const row = await db.node.findUniqueOrThrow({ where: { id: nodeId } });
	expect(row.observation).toMatchObject({ engineState: { role: "primary" } });
});

it("during a rush, a host's state waits for others' failovers, and its own orders don't", async () => {
	const { resources } = fleet.test;
	const { hostId, cacheId } = await primaryHost();
	await passWithout(hostId, 6);
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
	try {
		resources.rush.note();
		const watches = fleet.hosts
			.filter((host) => host.hostId !== hostId)
			.map((host) => {
				const held = { ...HOLDS_NOTHING, epoch: TEST_EPOCH, notice: -1 };
				return watchHost(resources, TEST_EPOCH, host.hostId, held, undefined);
			});
		const first = Promise.race(watches);
		// Nothing but the order lets a watch go on.
		await fleet.pass(cacheId);
		expect((await first)?.notices).toMatchObject([{ kind: "failover", order: { cacheId } }]);
		await vi.advanceTimersByTimeAsync(1_000);
		const answers = await Promise.all(watches);
		expect(answers.filter((answer) => answer?.desired != null)).toHaveLength(1);
	} finally {
		vi.useRealTimers();
	}
});

it("an order doesn't wait until its host's state has been read", async () => {
	const { resources } = fleet.test;
	const { hostId, cacheId } = await primaryHost();
	await passWithout(hostId, 6);
	let read = () => {};
	const reading = new Promise<never>((_, reject) => {
		read = () => reject(new Error("too late"));
	});
	const { host } = resources.db;
	const reads = vi
		.spyOn(host, "findUniqueOrThrow")
		.mockImplementation(() => reading as unknown as ReturnType<typeof host.findUniqueOrThrow>);
	const answers = fleet.hosts
		.filter((each) => each.hostId !== hostId)
		.map((each) => {
			const held = { ...HOLDS_NOTHING, epoch: TEST_EPOCH, notice: -1 };
			return watchHost(resources, TEST_EPOCH, each.hostId, held, undefined);
		});
	await expect.poll(() => reads.mock.calls.length, { timeout: 10_000 }).toBe(answers.length);
	await fleet.pass(cacheId);
	const order = { kind: "failover", order: { cacheId } };
	expect((await Promise.race(answers))?.notices).toMatchObject([order]);
	read();
	const results = await Promise.allSettled(answers);
	expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
	reads.mockRestore();
});
