import { beforeEach, expect, it } from "vitest";
import { previewSlotsInputSchema } from "../contract/cache.ts";
import { createCacheInputSchema } from "../contract/create-cache.ts";
import { readRoutes } from "../fleet/read-routes.ts";
import { watchHost } from "../fleet/watch-host.ts";
import { createCache } from "../services/caches/create-cache.ts";
import { deleteCache } from "../services/caches/delete-cache.ts";
import { getCache } from "../services/caches/get-cache.ts";
import { modifyCache } from "../services/caches/modify-cache.ts";
import { previewSlots } from "../services/caches/preview-slots.ts";
import { rebootCache } from "../services/caches/reboot-cache.ts";
import { enrollTestHosts, HOLDS_NOTHING, TEST_EPOCH, type TestHost } from "../testing/test-host.ts";
import { openTestResources, type TestResources, testCaller } from "../testing/test-resources.ts";
import { reconcileCache } from "./reconcile-cache.ts";

let test: TestResources;
let hosts: TestHost[];
const caller = testCaller();

beforeEach(async () => {
	test = await openTestResources();
	hosts = await enrollTestHosts(test, "a", "b", "c");
});

const create = (input: object) =>
	createCache(test.resources, caller, createCacheInputSchema.parse({ name: "orders", ...input }));
const orders = () => getCache(test.resources, { name: "orders" });

async function settle() {
	const ids = (await test.resources.db.cache.findMany({ select: { id: true } })).map((c) => c.id);
	for (const id of ids) {
		let again = true;
		while (again) ({ again } = await reconcileCache(test.resources, id, (work) => work()));
	}
}

/** Lets hosts carry out their desired state until nothing is left to do. */
async function converge() {
	for (let round = 0; round < 10; round++) {
		const before = JSON.stringify(await Promise.all(hosts.map((host) => host.state())));
		for (const host of hosts) await host.converge();
		await settle();
		const after = JSON.stringify(await Promise.all(hosts.map((host) => host.state())));
		if (before === after) return;
	}
	throw new Error("the hosts don't come to rest");
}

it("tells every node about the whole cluster, and the cache is available once all nodes show it", async () => {
	const created = await create({
		clusterMode: "enabled",
		shards: 3,
		replicasPerShard: 1,
		multiAz: true,
		slots: ["0-99", "100-8191", "8192-16383"],
	});
	expect(created).toMatchObject({ parameterGroup: { name: "default.valkey9.cluster.on" } });
	await settle();
	const assignments = (await Promise.all(hosts.map((host) => host.state()))).flatMap(
		(state) => state.assignments,
	);
	expect(assignments).toHaveLength(6);
	const shards = new Set(assignments.map(({ cluster }) => JSON.stringify(cluster?.shards)));
	expect(shards.size).toBe(1);
	expect(new Set(assignments.map(({ cluster }) => cluster?.nodeId)).size).toBe(6);
	await converge();
	const cache = await orders();
	expect(cache).toMatchObject({ status: "available", port: 6379, shardCount: 3, nodeCount: 6 });
	expect(cache.endpoints).toMatchObject({
		primary: null,
		reader: null,
		configuration: { port: 6379 },
	});
	expect(cache.shards.map((shard) => shard.slots)).toEqual(["0-99", "100-8191", "8192-16383"]);
	const preview = (input: object) =>
		previewSlots(test.resources, previewSlotsInputSchema.parse({ name: "orders", ...input }));
	expect(await preview({})).toMatchObject({
		steps: [
			"Move 2631 slots with their keys from shard 0002.",
			"Move 2730 slots with their keys from shard 0003.",
		],
		problems: [],
	});
	const slots = ["0-99", "100-8191", "8192-16383"];
	expect(await preview({ slots })).toMatchObject({ steps: [], problems: [] });
	expect(await preview({ slots: ["0-99", "100-8191", "8193-16383"] })).toMatchObject({
		steps: [],
		problems: [{ field: "slots", message: "slot 8192 isn't assigned to any shard" }],
	});
	expect(() =>
		previewSlotsInputSchema.parse({ name: "orders", slots, weightBy: "bytes" }),
	).toThrow();
	expect(cache.shards[2]?.nodes.map((node) => node.id)).toEqual([
		"orders-0003-001",
		"orders-0003-002",
	]);
	const primaries = cache.shards.flatMap(({ nodes }) => nodes.filter((n) => n.role === "primary"));
	expect(new Set(primaries.map((node) => node.zone)).size).toBe(3);
});

it("spreads Memcached's nodes and names them in auto discovery until the cache is deleted", async () => {
	await create({ engine: "memcached", nodes: 3, multiAz: true });
	await settle();
	await converge();
	const cache = await orders();
	expect(cache).toMatchObject({ status: "available", port: 11_211, auth: { mode: "none" } });
	expect(cache.shards).toHaveLength(1);
	expect(cache.shards[0]?.nodes.map((node) => node.role)).toEqual(["node", "node", "node"]);
	const routes = (await hosts[0]?.state())?.routeTable?.routes ?? [];
	expect(routes[0]?.discovery?.nodes).toHaveLength(3);
	expect(routes[0]?.check).toBeNull();
	await deleteCache(test.resources, caller, { name: "orders" });
	await settle();
	expect((await hosts[0]?.state())?.routeTable?.routes).toEqual([]);
});

it("gives every gateway the same table, and a new one only when something changed", async () => {
	await create({ replicasPerShard: 1 });
	await settle();
	const tables = await Promise.all(hosts.map(async (host) => (await host.state()).routeTable));
	expect(new Set(tables.map((table) => JSON.stringify(table))).size).toBe(1);
	const [route] = tables[0]?.routes ?? [];
	expect(route?.ports).toEqual({ primary: 6379, reader: 6380, configuration: null });
	expect(route?.servers.map((server) => server.leads).sort()).toEqual([false, true]);
});

it("tells every host the names of all caches, and later only those that changed", async () => {
	const zone = "cache.example.com";
	test.resources.dns = { zone, port: 10_053 };
	const [host] = hosts;
	if (host === undefined) throw new Error("no host");
	const state = async (held: object) => {
		const all = { ...HOLDS_NOTHING, epoch: TEST_EPOCH, notice: -1, namesRevision: -1, ...held };
		const abort = AbortSignal.abort();
		await readRoutes(test.resources);
		const result = await watchHost(test.resources, TEST_EPOCH, host.hostId, all, abort);
		return result;
	};
	await create({ replicasPerShard: 1 });
	await create({ name: "pages", engine: "memcached" });
	await settle();
	await converge();
	const first = await state({});
	expect(first?.names).toMatchObject({ zone, whole: true, removed: [] });
	expect(
		first?.names?.names.map(({ name, kind, port }) => `${name} ${kind} ${port}`).sort(),
	).toEqual([
		...["1.ns server null", "2.ns server null", "3.ns server null"],
		...["orders primary 6379", "orders-001 node 17000", "orders-002 node 17000"],
		...["orders-ro reader 6380", "pages configuration 11211", "pages-001 node 17000"],
	]);
	const held = {
		...{ revision: first?.desired?.revision, routeRevision: first?.routes?.revision },
		namesRevision: first?.names?.revision,
	};
	expect(await state(held)).toBeNull();
	await deleteCache(test.resources, caller, { name: "pages" });
	await settle();
	expect((await state(held))?.names).toMatchObject({
		...{ whole: false, names: [], removed: ["pages-001", "pages"] },
	});
	// An agent that doesn't answer DNS queries gets no names.
	expect(await state({ namesRevision: undefined })).not.toHaveProperty("names");
	expect((await orders()).endpoints.names).toEqual({
		...{ zone, port: 10_053, configuration: null },
		...{ primary: "orders.cache.example.com", reader: "orders-ro.cache.example.com" },
		nodes: ["orders-001", "orders-002"].map((node) => ({ node, name: `${node}.${zone}` })),
	});
	test.resources.dns = null;
	expect((await state({ epoch: TEST_EPOCH - 1 }))?.names).toBeNull();
	expect((await orders()).endpoints.names).toBeNull();
});

it("reboots one node of a shard at a time and is available again at the end", async () => {
	await create({ replicasPerShard: 1 });
	await settle();
	await converge();
	const asked = await rebootCache(test.resources, caller, { name: "orders" });
	expect(asked.status).toBe("rebooting");
	await settle();
	expect(await orders()).toMatchObject({
		status: "rebooting",
		progress: [{ state: "running" }, { state: "pending" }],
	});
	const reboots = async () =>
		(await test.resources.db.node.findMany({ orderBy: { name: "asc" } })).map((n) => n.reboot);
	expect(await reboots()).toEqual([0, 1]);
	await converge();
	// The primary hands over before its turn comes.
	expect(await reboots()).toEqual([0, 1]);
	for (const host of hosts) await host.obey(hosts);
	await settle();
	await converge();
	expect(await reboots()).toEqual([1, 1]);
	await converge();
	expect(await orders()).toMatchObject({ status: "available", statusReason: null });
	await expect(
		rebootCache(test.resources, caller, { name: "orders", nodes: ["orders-009"] }),
	).rejects.toMatchObject({ code: "invalid_argument", field: "nodes" });
});

it("takes only a parameter group of its family and mode, and hands its values to the nodes", async () => {
	await test.resources.db.parameterGroup.createMany({
		data: [
			{
				id: "1",
				name: "lru",
				family: "valkey9",
				description: "",
				parameters: { "maxmemory-policy": "allkeys-lru", "reserved-memory-percent": "50" },
			},
			{
				id: "2",
				name: "clustered",
				family: "valkey9",
				description: "",
				parameters: { "cluster-enabled": "yes" },
			},
		],
	});
	await create({});
	await settle();
	await converge();
	const use = (parameterGroup: string) =>
		modifyCache(test.resources, caller, { name: "orders", parameterGroup });
	await expect(use("clustered")).rejects.toMatchObject({ field: "parameterGroup" });
	await expect(use("default.redis7")).rejects.toMatchObject({
		message: expect.stringContaining("Expected a parameter group of family valkey9"),
	});
	expect((await use("lru")).parameterGroup).toEqual({ name: "lru", status: "applying" });
	const assignment = (await Promise.all(hosts.map((host) => host.state()))).flatMap(
		(state) => state.assignments,
	)[0];
	expect(assignment?.parameters).toContainEqual({
		name: "maxmemory-policy",
		value: "allkeys-lru",
		live: true,
	});
	expect(assignment?.maxmemoryBytes).toBe((assignment?.memoryBytes ?? 0) / 2);
	await converge();
	expect((await orders()).parameterGroup.status).toBe("in-sync");
	await expect(
		create({ name: "other", parameterGroup: "clustered", clusterMode: "disabled" }),
	).rejects.toMatchObject({ field: "parameterGroup" });
	expect(await create({ name: "third", parameterGroup: "clustered" })).toMatchObject({
		clusterMode: "enabled",
		automaticFailover: true,
	});
});

it("refuses to delete while deletion protection is on", async () => {
	await create({ deletionProtection: true });
	await expect(deleteCache(test.resources, caller, { name: "orders" })).rejects.toMatchObject({
		code: "conflict",
		field: "deletionProtection",
	});
	await modifyCache(test.resources, caller, {
		name: "orders",
		deletionProtection: false,
		tags: { team: "web" },
		description: "carts",
	});
	expect(await orders()).toMatchObject({ tags: { team: "web" }, description: "carts" });
	expect(await deleteCache(test.resources, caller, { name: "orders" })).toMatchObject({
		status: "deleting",
	});
});
