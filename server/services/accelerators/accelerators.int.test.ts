import { beforeEach, expect, it } from "vitest";
import {
	createAcceleratorInputSchema,
	modifyAcceleratorInputSchema,
} from "../../contract/accelerator.ts";
import {
	type AcceleratorCounters,
	type AcceleratorState,
	LATENCY_BOUNDS_MS,
} from "../../contract/accelerator-process.ts";
import { deleteCacheInputSchema } from "../../contract/cache.ts";
import type { HostAccelerators } from "../../contract/host-accelerators.ts";
import { ACCELERATOR_INSTANCE_BYTES } from "../../contract/limits.ts";
import { lookAtAccelerators } from "../../reconciler/accelerators/keep-accelerators.ts";
import { TestFleet } from "../../testing/test-fleet.ts";
import { deleteCache } from "../caches/delete-cache.ts";
import { listHosts } from "../hosts/list-hosts.ts";
import { createAccelerator } from "./create-accelerator.ts";
import { deleteAccelerator } from "./delete-accelerator.ts";
import { getAcceleratorHistory } from "./get-accelerator-history.ts";
import { modifyAccelerator } from "./modify-accelerator.ts";
import { getAccelerator } from "./show-accelerator.ts";

const SECRET = "the key's secret";
const NO_LATENCIES: number[] = new Array(LATENCY_BOUNDS_MS.length + 1).fill(0);
const NO_COUNTS: AcceleratorCounters = {
	...{ itemHits: 0, itemMisses: 0, queryHits: 0, queryMisses: 0, writes: 0, passed: 0, failed: 0 },
	...{ upstreamCalls: 0, savedCalls: 0, savedHalfUnits: 0 },
	...{ hitMs: NO_LATENCIES, missMs: NO_LATENCIES, writeMs: NO_LATENCIES },
};

let fleet: TestFleet;
beforeEach(async () => {
	fleet = await TestFleet.open();
	await fleet.create({});
});

const create = (input: object = {}) =>
	createAccelerator(
		fleet.test.resources,
		fleet.caller,
		createAcceleratorInputSchema.parse({
			...{ name: "acc", cache: "orders" },
			upstream: {
				...{ endpoint: "https://dynamodb.us-east-1.amazonaws.com", region: "us-east-1" },
				...{ accessKeyId: "AKIA", secretAccessKey: SECRET },
			},
			...input,
		}),
	);
const look = () => lookAtAccelerators(fleet.test.resources);
const view = () => getAccelerator(fleet.test.resources, "acc");

/** What each host should run and serve, by its place in the fleet. */
async function wanted(): Promise<(HostAccelerators | undefined)[]> {
	return await Promise.all(fleet.hosts.map(async (host) => (await host.state()).accelerators));
}

/** Each host runs what it should, and says so. */
async function obey(
	state: Partial<AcceleratorState> = {},
	counters: Partial<AcceleratorCounters> = {},
) {
	for (const [index, accelerators] of (await wanted()).entries()) {
		const instances = (accelerators?.instances ?? []).map(({ id }) => ({
			...{ id, phase: "running" as const, reason: null, port: 26_500 + index },
			state: {
				...{ processId: "1", cache: { usable: true, reason: null } },
				counters: { ...NO_COUNTS, ...counters },
				...state,
			},
		}));
		const endpoints = (accelerators?.endpoints ?? []).map(({ acceleratorId }) => ({
			...{ acceleratorId, ready: true, problem: null },
		}));
		await fleet.hosts[index]?.report({ accelerators: { instances, endpoints } });
	}
	await look();
}

it("its instances are spread over hosts, which alone learn its secret, and its endpoint leads to them", async () => {
	const created = await create();
	expect(created).toMatchObject({ status: "creating", instances: [] });
	await look();
	await obey();
	await obey();
	expect(await view()).toMatchObject({
		status: "available",
		statusReason: null,
		endpoint: { port: 6381 },
	});
	const hosts = await wanted();
	const running = hosts.filter((host) => (host?.instances.length ?? 0) > 0);
	expect(running).toHaveLength(2);
	for (const host of hosts) {
		expect(host?.endpoints[0]?.servers).toHaveLength(2);
		const knows = JSON.stringify(host).includes(SECRET);
		expect(knows).toBe(host?.instances.length === 1);
	}
	expect(running[0]?.instances[0]?.settings).toMatchObject({
		itemTtlMs: 300_000,
		queryTtlMs: 60_000,
	});
	const { db } = fleet.test.resources;
	const kept = [await view(), await db.accelerator.findMany(), await db.auditEntry.findMany()];
	expect(JSON.stringify(kept)).not.toContain(SECRET);
});

it("instances join and leave, and settings change, while it stays available", async () => {
	const { resources } = fleet.test;
	const modify = (input: object) =>
		modifyAccelerator(
			resources,
			fleet.caller,
			modifyAcceleratorInputSchema.parse({ name: "acc", ...input }),
		);
	await create({ instances: 1 });
	await look();
	await obey();
	await obey();
	expect(await view()).toMatchObject({ status: "available", instancesWanted: 1 });
	const [first] = (await view()).instances;

	await modify({ instances: 3, itemTtlSeconds: 5, queryTtlSeconds: 6 });
	await look();
	expect(await view()).toMatchObject({ status: "available", itemTtlSeconds: 5 });
	const told = (await wanted()).flatMap((host) => host?.instances ?? []);
	expect(told.map(({ settings }) => [settings.itemTtlMs, settings.queryTtlMs])).toEqual(
		Array.from({ length: 3 }, () => [5_000, 6_000]),
	);
	await obey();
	await obey();
	const three = await view();
	expect(three).toMatchObject({ status: "available", statusReason: null });
	expect(new Set(three.instances.map(({ zone }) => zone)).size).toBe(3);
	expect(three.instances.map(({ id }) => id)).toContain(first?.id);

	await modify({ instances: 2 });
	await look();
	await obey();
	expect(await view()).toMatchObject({ status: "available", instancesWanted: 2 });
	expect((await wanted()).filter((host) => (host?.instances.length ?? 0) > 0)).toHaveLength(2);
	const actions = (await resources.db.auditEntry.findMany()).map(({ action }) => action);
	expect(actions.filter((action) => action === "accelerator.modify")).toHaveLength(2);
	await expect(modify({ name: "none", instances: 1 })).rejects.toMatchObject({ code: "not_found" });
	expect(() => modifyAcceleratorInputSchema.parse({ name: "acc", instances: 0 })).toThrow(
		/instances must be at least 1/,
	);
});

it("its instances take their hosts' memory, and hosts without enough of it take none", async () => {
	const { resources } = fleet.test;
	const assigned = async () => {
		const { items } = await listHosts(resources, { limit: 100 });
		return items.reduce((sum, host) => sum + host.memoryAssignedBytes, 0);
	};
	const before = await assigned();
	await create();
	await look();
	expect(await assigned()).toBe(before + 2 * ACCELERATOR_INSTANCE_BYTES);
	const usage = await resources.db.node.groupBy({ by: ["hostId"], _sum: { memoryBytes: true } });
	for (const { id } of await resources.db.host.findMany()) {
		const used = usage.find(({ hostId }) => hostId === id)?._sum.memoryBytes ?? 0n;
		const memoryBytes = used + BigInt(ACCELERATOR_INSTANCE_BYTES - 1);
		await resources.db.host.update({ where: { id }, data: { memoryBytes } });
	}
	await deleteAccelerator(resources, fleet.caller, { name: "acc" });
	await create({ name: "acc", instances: 1 });
	await look();
	expect(await view()).toMatchObject({
		...{ status: "creating", instances: [] },
		statusReason: expect.stringContaining("96 MiB of free memory"),
	});
});

it("without a free port it waits, and tells the hosts nothing again and again", async () => {
	const { resources } = fleet.test;
	await create();
	await look();
	const { first, last } = resources.clientPorts;
	await resources.db.accelerator.update({ where: { name: "acc" }, data: { port: null } });
	for (let port = first; port <= last; port += 1) resources.fleet.refusedPorts.note("x", port);
	await look();
	const revisions = async () => (await resources.db.host.findMany()).map((host) => host.revision);
	const before = await revisions();
	await look();
	await look();
	expect(await revisions()).toEqual(before);
	expect(await view()).toMatchObject({ endpoint: null, status: "creating" });
});

it("what its instances have counted stays, though processes and hosts go", async () => {
	await create();
	await look();
	await obey({}, { itemHits: 5, savedCalls: 5, savedHalfUnits: 10 });
	await obey({ processId: "2" }, { itemHits: 1 });
	expect((await view()).metrics).toMatchObject({
		itemHits: 12,
		upstreamCallsSaved: 10,
		readUnitsSaved: 10,
	});
	const { time, resources } = fleet.test;
	time.now = new Date(time.now.getTime() + 60_000);
	const { at, values } = await getAcceleratorHistory(resources, {
		name: "acc",
		range: "15m",
	});
	// All of both hosts within one span, or divided between two.
	const hits = (values.hitsPerSecond ?? []).reduce<number>(
		(sum, rate) => sum + 15 * (rate ?? 0),
		0,
	);
	expect(hits).toBeCloseTo(12);
	expect(at.length).toBeGreaterThan(0);
	const [lost] = (await view()).instances;
	await fleet.silence([lost?.host ?? ""], 61);
	await look();
	const { instances, metrics } = await view();
	expect(instances.map(({ host }) => host)).not.toContain(lost?.host);
	expect(instances).toHaveLength(2);
	expect(metrics.itemHits).toBe(12);
	await obey({ processId: "3" });
	expect((await view()).status).toBe("available");
});

it("a host's report counts for its own instances alone", async () => {
	await create();
	await look();
	await obey();
	const all = await wanted();
	const stranger = fleet.hosts[all.findIndex((host) => host?.instances.length === 0)];
	const [id = ""] = all.flatMap((host) => host?.instances.map((each) => each.id) ?? []);
	const instances = [{ id, phase: "failed" as const, reason: "no", port: 1, state: null }];
	await stranger?.report({ accelerators: { instances, endpoints: [] } });
	const found = (await view()).instances.find((instance) => instance.id === id);
	expect(found).toMatchObject({ status: "running", reason: null });
});

it("its cache stays while it is there, and hosts end its instances when it is deleted", async () => {
	await create({ port: 7_000 });
	await expect(create({ name: "again", port: 7_000 })).rejects.toMatchObject({ field: "port" });
	await expect(create()).rejects.toMatchObject({ code: "already_exists" });
	await look();
	await obey();
	const { resources } = fleet.test;
	const remove = () =>
		deleteCache(resources, fleet.caller, deleteCacheInputSchema.parse({ name: "orders" }));
	await expect(remove()).rejects.toMatchObject({ code: "conflict" });
	await deleteAccelerator(resources, fleet.caller, { name: "acc" });
	expect(await wanted()).toEqual([undefined, undefined, undefined]);
	expect((await remove()).status).toBe("deleting");
});

it.each([
	["a cache that doesn't exist", { cache: "none" }, "cache"],
	[
		"AWS without a key",
		{ upstream: { endpoint: "https://dynamodb.eu-west-1.amazonaws.com", region: "eu-west-1" } },
		"accessKeyId",
	],
	[
		"an address without a protocol",
		{ upstream: { endpoint: "localhost:8000", region: "r" } },
		"endpoint",
	],
])("%s is refused, and the error names the field", async (_, input, field) => {
	const refused = await Promise.resolve()
		.then(() => create(input))
		.catch((error: unknown) => error);
	expect(JSON.stringify(refused)).toContain(field);
});
