import { beforeEach, describe, expect, it } from "vitest";
import { AGENT_PROTOCOL_VERSION } from "../contract/agent.ts";
import { createCacheInputSchema } from "../contract/create-cache.ts";
import { GIB, MIB } from "../contract/limits.ts";
import type { NodeMetrics } from "../contract/metrics.ts";
import { modifyCacheInputSchema } from "../contract/modify-cache.ts";
import { FULL_CACHE } from "../data/cache-mapping.ts";
import { takeAlert } from "../fleet/take-alert.ts";
import { createCache } from "../services/caches/create-cache.ts";
import { listScaling } from "../services/caches/list-scaling.ts";
import { modifyCache } from "../services/caches/modify-cache.ts";
import { previewChange } from "../services/caches/preview-change.ts";
import { setSlots } from "../services/caches/set-slots.ts";
import { TestFleet } from "../testing/test-fleet.ts";
import { scaleCache } from "./steps/scale-cache.ts";

let fleet: TestFleet;

beforeEach(async () => {
	fleet = await TestFleet.open();
});

const standard = { kind: "serverless", protocol: "standard" };

const modify = (change: object) =>
	modifyCache(
		fleet.test.resources,
		fleet.caller,
		modifyCacheInputSchema.parse({ name: "orders", ...change }),
	);

const IDLE: NodeMetrics = {
	...{ memoryUsedBytes: 2 * MIB, memoryMaxBytes: 256 * MIB, clients: 0, opsPerSecond: 0 },
	...{ hitsPerSecond: 0, missesPerSecond: 0, keys: 1, evictionsPerSecond: 0, cpuPercent: 1 },
	replicationLagBytes: null,
};

async function assignments() {
	const states = await Promise.all(fleet.hosts.map((each) => each.state()));
	return states.flatMap((state) => state.assignments);
}

/** What nodes say when they alert: how much they hold, and how fast that grows. */
interface Alarm {
	bytesPerSecond?: number;
	hasClients?: boolean;
	/** Absent for all nodes. */
	only?: string[];
}

async function alertAll(
	usedBytes: number,
	{ bytesPerSecond = 0, hasClients = false, only }: Alarm = {},
): Promise<void> {
	for (const host of fleet.hosts) {
		const { assignments: own } = await host.state();
		await takeAlert(fleet.test.resources, host.hostId, {
			...{ protocol: AGENT_PROTOCOL_VERSION, ended: [], orders: [] },
			growing: own
				.filter(({ id }) => only?.includes(id) ?? true)
				.map(({ id, generation }) => ({
					...{ assignmentId: id, generation, usedBytes, bytesPerSecond, hasClients },
				})),
		});
	}
}

/** Lets hosts report such samples for so long, and the reconciler look at the cache. */
async function live(
	seconds: number,
	sample: Partial<NodeMetrics>,
	stepSeconds = 10,
): Promise<void> {
	const { time } = fleet.test;
	let known = (await decisions()).length;
	for (let second = 0; second < seconds; second += stepSeconds) {
		time.now = new Date(time.now.getTime() + stepSeconds * 1_000);
		const at = time.now.toISOString();
		for (const host of fleet.hosts) {
			const { assignments: own } = await host.state();
			await host.report({
				metrics: own.map(({ id, maxmemoryBytes }) => ({
					...{ assignmentId: id, at },
					metrics: { ...IDLE, memoryMaxBytes: maxmemoryBytes, ...sample },
				})),
			});
		}
		await fleet.look();
		const count = (await decisions()).length;
		if (count > known) await fleet.converge();
		known = count;
	}
	await fleet.converge();
}

const decisions = async () =>
	(await listScaling(fleet.test.resources, { name: "orders", limit: 50 })).items;

describe("a serverless cache", () => {
	it("needs no more than a name, has a replica in another zone, and gets shards for its load", async () => {
		await fleet.create({ kind: "serverless" });
		expect(await fleet.orders()).toMatchObject({
			...{ status: "available", kind: "serverless", protocol: "cluster", multiAz: true },
			...{ nodeType: "serverless", shardCount: 1, evictionPolicy: "volatile-lru" },
			hourlyCost: null,
			capacity: { memoryBytes: 256 * MIB, shards: 1 },
			limits: { dataStorageGb: { min: null, max: null }, ecpuPerSecond: { min: null, max: null } },
		});
		expect(new Set((await fleet.members()).map(({ zone }) => zone)).size).toBe(2);
		for (const each of await assignments()) {
			expect(each.parameters).toContainEqual({
				...{ name: "maxmemory-policy", value: "volatile-lru", live: true },
			});
			expect(each.elastic).toEqual({
				...{ reportAboveBytes: Math.floor(0.6 * 256 * MIB), ecpuPerSecond: null },
				holdWritesAboveBytes: Math.floor(0.9 * 256 * MIB),
			});
		}
		await live(20, { cpuPercent: 95 });
		expect(await fleet.orders()).toMatchObject({
			...{ shardCount: 2, operation: { kind: "scale-out", problem: null } },
		});
		expect((await decisions()).map(({ trigger, to }) => [trigger, to.shards])).toEqual([
			["cpu", 2],
		]);
		// Each shard gets an equal part of the maximum, so the fullest one decides.
		const [shard] = await fleet.test.resources.db.shard.findMany({ orderBy: { index: "asc" } });
		await alertAll(600 * MIB, { only: [shard?.primaryNodeId ?? ""] });
		await expect(modify({ limits: { dataStorageGb: { max: 1 } } })).rejects.toMatchObject({
			...{ code: "conflict", field: "limits.dataStorageGb.max" },
			message: expect.stringContaining("The fullest shard of orders holds"),
		});
	});

	it("reserves little while it has no clients, and its memory again the moment one connects", async () => {
		await fleet.create(standard);
		const { resources, time } = fleet.test;
		const noteIdle = async (idleMs: number) => {
			for (const { id } of await assignments()) {
				const state = { usedBytes: 2 * MIB, throttledMs: 0, idleMs };
				resources.fleet.elastic.takeState(id, time.now.getTime(), state);
			}
		};
		await live(60, {});
		await noteIdle(4 * 60_000);
		await live(130, {});
		expect((await fleet.orders()).capacity?.memoryBytes).toBe(24 * MIB);
		for (const each of await assignments()) {
			expect(each).toMatchObject({ memoryBytes: 32 * MIB, maxmemoryBytes: 256 * MIB });
			expect(each.elastic?.reportsClients).toBe(true);
		}
		await alertAll(2 * MIB, { hasClients: true });
		await fleet.converge();
		for (const each of await assignments()) {
			expect(each.memoryBytes).toBeGreaterThan(300 * MIB);
			expect(each.elastic?.reportsClients).toBeUndefined();
		}
		expect((await decisions())[0]?.reason).toContain("A client is connected");
	});

	it("begins with its minimum, and refuses by name what its policy decides", async () => {
		const limits = { dataStorageGb: { min: 1, max: 2 }, ecpuPerSecond: { max: 5_000 } };
		await fleet.create({ ...standard, limits, evictionPolicy: "noeviction" });
		const { capacity, endpoints } = await fleet.orders();
		expect(capacity).toEqual({ memoryBytes: 1e9, shards: 1 });
		expect(endpoints).toMatchObject({ primary: {}, reader: {}, configuration: null });
		const [first] = await assignments();
		expect(first?.elastic?.ecpuPerSecond).toBe(5_000);
		expect(first?.parameters.find(({ name }) => name === "maxmemory-policy")?.value).toBe(
			"noeviction",
		);
		for (const change of [
			...[{ nodeType: "cache.m7g.large" }, { replicasPerShard: 2 }, { multiAz: false }],
			...[{ parameterGroup: "default.valkey9" }, { clusterMode: "enabled" }, { shards: 2 }],
		]) {
			const [field] = Object.keys(change);
			await expect(modify(change)).rejects.toMatchObject({ code: "invalid_argument", field });
			const { problems, hourlyCost } = await previewChange(
				fleet.test.resources,
				modifyCacheInputSchema.parse({ name: "orders", ...change }),
			);
			expect(problems[0]).toMatchObject({ field });
			expect(hourlyCost).toBeNull();
		}
		const slots = setSlots(fleet.test.resources, fleet.caller, { name: "orders", slots: ["0-1"] });
		await expect(slots).rejects.toMatchObject({ field: "slots" });
		await expect(modify({ limits: { dataStorageGb: { min: 3 } } })).rejects.toMatchObject({
			...{ code: "invalid_argument", field: "limits.dataStorageGb" },
		});
		await modify({ limits: { dataStorageGb: { max: 0 } }, evictionPolicy: "allkeys-lfu" });
		await alertAll(1.5 * GIB);
		await expect(modify({ limits: { dataStorageGb: { max: 1 } } })).rejects.toMatchObject({
			...{ code: "conflict", field: "limits.dataStorageGb.max" },
		});
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({
			...{ status: "available", evictionPolicy: "allkeys-lfu" },
			limits: { dataStorageGb: { min: 1, max: null }, ecpuPerSecond: { max: 5_000 } },
		});
	});

	it("doubles in one pass after an alert, whoever takes over then, and shrinks after calm minutes", async () => {
		await fleet.create(standard);
		const before = await assignments();
		await alertAll(170 * MIB);
		const [row] = await fleet.test.resources.db.cache.findMany();
		await fleet.pass(row?.id ?? "");
		for (const [index, each] of (await assignments()).entries()) {
			expect(each.maxmemoryBytes).toBe(512 * MIB);
			expect(each.generation).toBe((before[index]?.generation ?? 0) + 1);
		}
		await fleet.restart();
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({
			...{ status: "available", statusReason: null, capacity: { memoryBytes: 512 * MIB } },
		});
		expect(await decisions()).toMatchObject([
			{
				...{ trigger: "storage", from: { memoryBytes: 256 * MIB }, to: { memoryBytes: 512 * MIB } },
				reason: "The cache holds 170 MiB of 0.25 GiB.",
			},
		]);
		expect(await fleet.eventTypes()).toContain("cache.scaling");
		await alertAll(900 * MIB, { bytesPerSecond: 100 * MIB });
		await fleet.converge();
		const grown = (await fleet.orders()).capacity?.memoryBytes ?? 0;
		expect(grown).toBeGreaterThan(GIB);
		await live(110, {});
		expect((await fleet.orders()).capacity?.memoryBytes).toBe(grown);
		await live(40, {});
		expect((await fleet.orders()).capacity?.memoryBytes).toBeLessThanOrEqual(grown / 2);
		await live(130, {});
		const rows = await fleet.test.resources.db.node.findMany();
		expect(rows.map(({ memoryBytes }) => Number(memoryBytes))).toEqual(
			rows.map(() => Math.ceil((256 * MIB) / 0.75)),
		);
		const { length } = await decisions();
		await live(150, {});
		expect(await decisions()).toHaveLength(length);
	});

	it("says in its status and one event that no host has room, and moves once there are larger hosts", async () => {
		const { db } = fleet.test.resources;
		await db.host.updateMany({ data: { zone: "a" } });
		await fleet.create(standard);
		expect(await fleet.orders()).toMatchObject({ status: "available", multiAz: false });
		const hosts = (await fleet.members()).map(({ host }) => host);
		expect(new Set(hosts).size).toBe(2);
		await db.host.updateMany({ data: { memoryBytes: BigInt(350 * MIB) } });
		await live(30, { memoryUsedBytes: 240 * MIB });
		const { status, statusReason } = await fleet.orders();
		expect(status).toBe("available");
		expect(statusReason).toContain("Add a larger host, or delete caches.");
		const waiting = (await fleet.eventTypes()).filter((type) => type === "cache.waiting");
		expect(waiting).toHaveLength(1);
		await fleet.join("a");
		await fleet.join("a");
		await live(40, { memoryUsedBytes: 240 * MIB });
		const now = (await fleet.members()).map(({ host }) => host);
		expect(now.filter((host) => hosts.includes(host))).toEqual([]);
		expect(await fleet.orders()).toMatchObject({
			...{ status: "available", statusReason: null },
			capacity: { memoryBytes: 512 * MIB, shards: 1 },
		});
	});

	it("waits with shards for a change that a user requested, and remembers only what was done", async () => {
		await fleet.create({ kind: "serverless" });
		const { resources, woken } = fleet.test;
		await modify({ limits: { ecpuPerSecond: { min: 200_000, max: 300_000 } } });
		const resizedFrom = { replicasPerShard: 0, nodes: null };
		await resources.db.cache.updateMany({ data: { resizedFrom } });
		woken.length = 0;
		const read = () => resources.db.cache.findFirstOrThrow({ include: FULL_CACHE });
		expect(await scaleCache(resources, await read())).toContain("are being changed");
		expect(woken).toEqual([]);
		expect(await read()).toMatchObject({ recentScaling: null, shardCount: 1 });
		await fleet.pass((await read()).id);
		expect((await decisions()).map(({ trigger, to }) => [trigger, to.shards])).toEqual([
			["limits", 2],
		]);
		// While the first shard has all slots, it has all ECPUs.
		expect((await read()).shards.map(({ slots }) => slots)).toEqual(["0-16383", ""]);
		const parts = (await assignments()).map(({ elastic }) => elastic?.ecpuPerSecond);
		expect(parts).toEqual([300_000, 300_000]);
		await resources.db.shard.updateMany({ where: { index: 1 }, data: { slots: "8192-16383" } });
		expect((await assignments())[0]?.elastic?.ecpuPerSecond).toBe(150_000);
	});

	it("gets no memory that another cache has: no host is promised out twice", async () => {
		await fleet.create(standard);
		const other = createCacheInputSchema.parse({ ...standard, name: "other" });
		await createCache(fleet.test.resources, fleet.caller, other);
		await fleet.converge();
		const { db } = fleet.test.resources;
		await db.host.updateMany({ data: { memoryBytes: BigInt(1_000 * MIB) } });
		await live(30, { memoryUsedBytes: 240 * MIB });
		const rows = await db.host.findMany({ include: { nodes: true } });
		for (const { nodes, memoryBytes } of rows) {
			const sum = nodes.reduce((all, node) => all + Number(node.memoryBytes), 0);
			expect(sum).toBeLessThanOrEqual(Number(memoryBytes));
		}
		const grown = await db.node.count({ where: { maxmemoryBytes: { gt: 256 * MIB } } });
		expect(grown).toBeGreaterThan(0);
	});
});

describe("a serverless Memcached cache", () => {
	const places = async () => {
		const { discoveryNodeIds } = await fleet.test.resources.db.cache.findFirstOrThrow();
		return discoveryNodeIds as string[];
	};
	const ports = async () =>
		(await assignments()).map(({ proxy }) => proxy?.nodes.map(({ port }) => port));

	it("has two nodes and one endpoint, and grows before it gets more nodes", async () => {
		await fleet.create({ kind: "serverless", engine: "memcached" });
		expect(await fleet.orders()).toMatchObject({
			...{ status: "available", kind: "serverless", protocol: null, multiAz: true },
			...{ nodeCount: 2, evictionPolicy: null, capacity: { memoryBytes: 512 * MIB, shards: 2 } },
			endpoints: { configuration: expect.anything(), primary: null },
		});
		const first = await places();
		expect(first).toHaveLength(2);
		const known = new Set((await ports()).map((each) => JSON.stringify(each)));
		expect(known.size).toBe(1);

		await alertAll(200 * MIB);
		await fleet.converge();
		expect((await decisions())[0]).toMatchObject({
			...{ trigger: "storage", to: { memoryBytes: 1_024 * MIB, shards: 2 } },
			reason: expect.stringContaining("The fullest node holds"),
		});
		expect((await assignments()).map(({ maxmemoryBytes }) => maxmemoryBytes / MIB)).toEqual([
			...[512, 512],
		]);

		// For its load, it gets more nodes, after those that it has.
		await live(20, { cpuPercent: 190 });
		expect((await fleet.orders()).capacity).toMatchObject({ shards: 4 });
		const grown = await places();
		expect(grown.slice(0, 2)).toEqual(first);
		expect(grown).toHaveLength(4);
		expect(new Set((await ports()).map((each) => JSON.stringify(each))).size).toBe(1);
	});

	it("keeps a dead node's place, gives it to the successor, and refuses what Memcached lacks", async () => {
		await fleet.create({ kind: "serverless", engine: "memcached" });
		const [lost = "", kept = ""] = await places();
		const where = { nodes: { some: { id: lost } } };
		const { name } = await fleet.test.resources.db.host.findFirstOrThrow({ where });
		await fleet.silence([name], 70);
		await fleet.converge();
		const [successor, other] = await places();
		expect(other).toBe(kept);
		expect(successor).not.toBe(lost);
		await expect(modify({ evictionPolicy: "noeviction" })).rejects.toMatchObject({
			...{ code: "invalid_argument", field: "evictionPolicy" },
		});
		const refused = createCacheInputSchema.safeParse({
			...{ name: "a", kind: "serverless", engine: "memcached", protocol: "cluster" },
		});
		expect(refused.error?.issues[0]).toMatchObject({ path: ["protocol"] });
	});
});
