import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cache } from "../../server/contract/cache-view.ts";
import {
	discoverMemcached,
	exchange,
	openClient,
	openClusterClient,
	passwordOf,
	requireEndpoint,
	runEngineCli,
	useMemcached,
} from "../fixtures/engine-clients.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

/**
 * Every engine in every topology is created through REST, used through each kind of endpoint by stock clients, and
 * deleted without leaving anything behind. Several run at a time, because forming a cluster is mostly waiting.
 */
let larder: Installation;
beforeAll(async () => {
	larder = await startInstallation();
});
afterAll(() => larder?.stop());

const ENGINES = [
	{ engine: "valkey", engineVersion: "9" },
	{ engine: "valkey", engineVersion: "8" },
	{ engine: "redis", engineVersion: "7" },
] as const;

async function create(name: string, body: object): Promise<Cache> {
	await larder.createCache({ name, ...body });
	return await larder.waitForStatus(name, "available", 60_000);
}

/** Deletes the cache and checks that none of its processes is left; other caches may still run. */
async function remove(cache: Cache): Promise<void> {
	await larder.deleteCache(cache.name);
	const pids = cache.shards.flatMap(({ nodes }) => nodes.map((node) => node.pid));
	const left = larder.engines().filter(({ pid }) => pids.includes(pid));
	expect(left).toEqual([]);
}

async function usePrimaryAndReader(cache: Cache): Promise<void> {
	const password = await passwordOf(larder, cache.name);
	const writer = openClient(requireEndpoint(cache, "primary"), password);
	expect(await writer.set("k", cache.name)).toBe("OK");
	expect(await writer.get("k")).toBe(cache.name);
	expect((await writer.role())[0]).toBe("master");
	expect(await writer.wait(cache.replicasPerShard, 30_000)).toBe(cache.replicasPerShard);
	const reader = openClient(requireEndpoint(cache, "reader"), password);
	expect(await reader.get("k")).toBe(cache.name);
	expect((await reader.role())[0]).toBe(cache.replicasPerShard > 0 ? "slave" : "master");
	await expect(writer.call("CONFIG", "GET", "maxmemory")).rejects.toThrow(/NOPERM|no permissions/);
	for (const client of [writer, reader]) client.disconnect();
	expect(cache.endpoints.gateways).toHaveLength(3);
	for (const host of cache.endpoints.gateways) {
		const client = openClient({ ...requireEndpoint(cache, "primary"), host }, password);
		expect(await client.get("k")).toBe(cache.name);
		client.disconnect();
	}
	for (const { host, port } of cache.endpoints.nodes) {
		const client = openClient({ host, port }, password);
		expect(await client.get("k")).toBe(cache.name);
		client.disconnect();
	}
	const { host, port } = requireEndpoint(cache, "primary");
	const answer = await runEngineCli(cache, password, ["-h", host, "-p", `${port}`, "GET", "k"]);
	expect(answer.trim()).toBe(cache.name);
}

async function useCluster(cache: Cache): Promise<void> {
	const password = await passwordOf(larder, cache.name);
	const endpoint = requireEndpoint(cache, "configuration");
	const client = openClusterClient(endpoint, password);
	const keys = Array.from({ length: 60 }, (_, index) => `key-${index}`);
	for (const key of keys) expect(await client.set(key, key)).toBe("OK");
	for (const key of keys) expect(await client.get(key)).toBe(key);
	expect(client.nodes("master")).toHaveLength(cache.shardCount);
	// If a busy engine lost sight of a replica for a moment, the next look at the slots finds it again.
	await waitUntil("all replicas to be known", () => {
		void client.refreshSlotsCache();
		return client.nodes("slave").length === cache.nodeCount - cache.shardCount;
	});
	await expect(client.cluster("RESET")).rejects.toThrow();
	client.disconnect();
	const at = ["-h", endpoint.host, "-p", `${endpoint.port}`];
	const answer = await runEngineCli(cache, password, ["-c", ...at, "GET", "key-7"]);
	expect(answer.trim()).toBe("key-7");
	const node = cache.endpoints.nodes[0];
	const check = await runEngineCli(cache, password, [
		"--cluster",
		"check",
		`${node?.host}:${node?.port}`,
	]);
	expect(check).toContain("[OK] All nodes agree about slots configuration.");
	expect(check).toContain("[OK] All 16384 slots covered.");
	expect(check).not.toMatch(/\[ERR\]|\[WARNING\]/);
}

describe.each(ENGINES)("$engine $engineVersion", (version) => {
	it.concurrent.each([0, 1, 2])("cluster mode disabled, %i replicas", async (replicasPerShard) => {
		const name = `${version.engine}${version.engineVersion}-${replicasPerShard}`;
		const cache = await create(name, { ...version, replicasPerShard });
		expect(cache.engineVersion.startsWith(`${version.engineVersion}.`)).toBe(true);
		await usePrimaryAndReader(cache);
		await remove(cache);
	});

	it.concurrent.each([
		[1, 0],
		[1, 1],
		[3, 0],
		[3, 1],
	])("cluster mode enabled, %i shards with %i replicas", async (shards, replicasPerShard) => {
		const name = `${version.engine}${version.engineVersion}-${shards}x${replicasPerShard}`;
		const cache = await create(name, {
			...version,
			clusterMode: "enabled",
			shards,
			replicasPerShard,
			multiAz: replicasPerShard > 0,
		});
		for (const { nodes } of cache.shards) {
			expect(new Set(nodes.map((node) => node.host)).size).toBe(nodes.length);
		}
		await useCluster(cache);
		await remove(cache);
	});
});

describe("memcached", () => {
	it.concurrent.each([1, 3])("%i nodes", async (nodes) => {
		const cache = await create(`memcached-${nodes}`, {
			engine: "memcached",
			nodes,
			multiAz: nodes > 1,
		});
		const configuration = requireEndpoint(cache, "configuration");
		expect(cache.shards).toHaveLength(1);
		expect(cache.shards[0]?.nodes).toHaveLength(nodes);
		for (const endpoint of [configuration, ...cache.endpoints.nodes]) {
			const value = `${endpoint.host}:${endpoint.port}`;
			expect(await useMemcached(endpoint, "through", value)).toBe(value);
		}
		const known = cache.endpoints.nodes.map(({ host, port }) => `${host}:${port}`).sort();
		expect(await discoverMemcached(configuration)).toEqual(known);
		const answer = await exchange(configuration, "config get cluster\r\n", "END\r\n");
		const list = cache.endpoints.nodes
			.map(({ host, port }) => `${host}|${host}|${port}`)
			.sort()
			.join(" ");
		const match = /^CONFIG cluster 0 (\d+)\r\n(\d+)\n(.*)\n\r\nEND\r\n$/.exec(answer);
		expect(match?.[3]).toBe(list);
		expect(Number(match?.[1])).toBe(`${match?.[2]}\n${list}\n`.length);
		await remove(cache);
	});
});

it("leaves no engine and no files of deleted caches", async () => {
	expect(larder.engines()).toEqual([]);
	const { readdirSync } = await import("node:fs");
	const { join } = await import("node:path");
	await waitUntil("instances to be gone from every host", () =>
		["local-a", "local-b", "local-c"].every(
			(name) => readdirSync(join(larder.home.agentDir(name), "instances")).length === 0,
		),
	);
});
