import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
	cacheNodesSchema,
	cachePageInterfaceSchema,
	changePreviewSchema,
} from "../../server/contract/index.ts";
import { MIB } from "../../server/contract/limits.ts";
import { scalingPageSchema } from "../../server/contract/serverless.ts";
import { fillCache } from "../bench/fill-cache.ts";
import {
	openClient,
	openClusterClient,
	passwordOf,
	requireEndpoint,
} from "../fixtures/engine-clients.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { runLarder } from "../fixtures/larder-command.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

let larder: Installation;
beforeAll(async () => {
	larder = await startInstallation();
});
afterAll(() => larder?.stop());

const run = (...args: string[]) => runLarder(args, { LARDER_HOME: larder.home.root });

async function decisionsOf(name: string) {
	const { body } = await larder.rest("GET", `/caches/${name}/scaling`);
	return scalingPageSchema.parse(body).items;
}

it("grows under a fill without evicting or refusing anything, through a failover, and says why", async () => {
	await run("caches", "create", "jobs", "--kind", "serverless", "--protocol", "standard", "--wait");
	const cache = await larder.waitForStatus("jobs", "available");
	expect(cache).toMatchObject({ protocol: "standard", capacity: { memoryBytes: 256 * MIB } });
	const password = await passwordOf(larder, "jobs");
	const primary = requireEndpoint(cache, "primary");
	const fill = (tag: string) =>
		fillCache(primary, { tag, bytes: 320 * MIB, replicas: 1, password });
	await fill("a");
	expect((await larder.rest("POST", "/caches/jobs/failover", { body: {} })).status).toBe(202);
	await waitUntil("the failover", async () => {
		return (await larder.getCache("jobs"))?.lastFailover?.kind === "planned";
	});
	await larder.waitForStatus("jobs", "available");
	await fill("b");
	const client = openClient(primary, password);
	expect(await client.dbsize()).toBe((2 * 320 * MIB) / (64 * 1024));
	expect(await client.info("stats")).toContain("evicted_keys:0\r\n");
	// What the cache shows is a moment older than its engine.
	await waitUntil("the cache to show what its engine has", async () => {
		const maxmemory = Number(/maxmemory:(\d+)/.exec(await client.info("memory"))?.[1]);
		const grown = await larder.getCache("jobs");
		return (
			maxmemory > 640 * MIB &&
			grown?.capacity?.memoryBytes === maxmemory &&
			(grown.usage?.dataStorageBytes ?? 0) > 640 * MIB &&
			grown.status === "available" &&
			grown.statusReason === null
		);
	});
	client.disconnect();
	const decisions = await decisionsOf("jobs");
	expect(decisions.length).toBeGreaterThan(0);
	expect(decisions.every(({ trigger }) => trigger === "storage")).toBe(true);
	expect((await run("caches", "scaling", "jobs")).stdout).toContain("The cache holds");
	const { stdout } = await run("caches", "show", "jobs");
	expect(stdout).toContain("Capacity");
	expect(stdout).not.toContain("jobs-001");
	expect((await run("caches", "show", "jobs", "--nodes")).stdout).toContain("jobs-001");
	const { body: shown } = await larder.rest("GET", "/caches/jobs");
	const { body: page } = await larder.rest("GET", "/caches");
	for (const each of [shown, ...cachePageInterfaceSchema.parse(page).items]) {
		expect(each).toMatchObject({ kind: "serverless", endpoints: { nodes: [] } });
		for (const field of Object.keys(cacheNodesSchema.shape)) expect(each).not.toHaveProperty(field);
	}
	const { body: nodes } = await larder.rest("GET", "/caches/jobs/nodes");
	expect(cacheNodesSchema.parse(nodes).shards[0]?.nodes).toHaveLength(2);
	expect((await run("serverless", "replay", "jobs", "--range", "15m")).exitCode).toBe(0);
	const above = await run("caches", "modify", "jobs", "--storage-max", "5001");
	expect(above.stderr).toContain("Must be between 1 and 5000");
	await run("caches", "modify", "jobs", "--storage-max", "1", "--eviction-policy", "noeviction");
	await waitUntil("the maximum to be in force", async () => {
		return (await larder.getCache("jobs"))?.capacity?.memoryBytes === 1e9;
	});
	await larder.deleteCache("jobs");
});

it("goes from the standard to the cluster protocol, then gets shards for its ECPU minimum, and keeps every key", async () => {
	await larder.createCache({ name: "carts", kind: "serverless", protocol: "standard" });
	const before = await larder.waitForStatus("carts", "available");
	const password = await passwordOf(larder, "carts");
	const primary = requireEndpoint(before, "primary");
	// Knows nothing of clusters, and repeats what it was writing when it was disconnected.
	const { host, port } = primary;
	const plain = new Redis({ host, port, ...(password !== null && { password }) });
	await plain.select(1);
	await plain.set("elsewhere", 1);
	const toCluster = ["caches", "modify", "carts", "--protocol", "cluster", "--yes", "--wait"];
	const refused = await waitUntil("a refusal", async () => {
		const { status, body } = await larder.rest("POST", "/caches/carts/preview", {
			body: { protocol: "cluster" },
		});
		const { problems } = changePreviewSchema.parse(body);
		return status === 200 && problems.length > 0 && problems[0]?.message;
	});
	expect(refused).toContain("keys in databases other than 0");
	expect((await run(...toCluster)).exitCode).not.toBe(0);
	await plain.flushdb();
	await plain.select(0);
	for (let key = 0; key < 500; key++) await plain.set(`key:${key}`, key);
	await waitUntil("database 0 alone to be in use", async () => {
		const { body } = await larder.rest("POST", "/caches/carts/preview", {
			body: { protocol: "cluster" },
		});
		return changePreviewSchema.parse(body).problems.length === 0;
	});
	const changing = run(...toCluster);
	let written = 0;
	for (let isOver = false; !isOver; written++) {
		await plain.set(`while:${written}`, 1);
		isOver = await Promise.race([changing.then(() => true), delay(20).then(() => false)]);
	}
	expect((await changing).exitCode).toBe(0);
	plain.disconnect();
	const cache = await larder.waitForStatus("carts", "available");
	expect(cache).toMatchObject({ protocol: "cluster", endpoints: { primary: null, reader: null } });
	const endpoint = requireEndpoint(cache, "configuration");
	expect(endpoint).toEqual(primary);
	const client = openClusterClient(endpoint, password);
	for (let key = 0; key < written; key++) expect(await client.get(`while:${key}`)).toBe("1");
	const limits = { ecpuPerSecond: { min: 150_000 } };
	expect((await larder.rest("PATCH", "/caches/carts", { body: { limits } })).status).toBe(200);
	await waitUntil("two shards", async () => {
		const now = await larder.getCache("carts");
		return now?.status === "available" && now.capacity?.shards === 2 && now.operation === null;
	});
	for (let key = 0; key < 500; key++) expect(await client.get(`key:${key}`)).toBe(String(key));
	client.disconnect();
	expect(await decisionsOf("carts")).toMatchObject([
		{ trigger: "limits", from: { shards: 1 }, to: { shards: 2 } },
	]);
	await larder.deleteCache("carts");
});
