import { GlideClient, GlideClusterClient } from "@valkey/valkey-glide";
import { Cluster } from "ioredis";
import { MemcacheClient } from "memcache-client";
import { createClient, createCluster } from "redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitUntil } from "../../e2e/fixtures/wait-until.ts";
import {
	cacheAside,
	glideStore,
	ioredisStore,
	memcachedStore,
	nearCache,
	nodeRedisStore,
	type Store,
	writeThrough,
} from "../src/index.ts";
import { startCluster, startEngine, startMemcached, type TestEngine } from "./engines.ts";
import { openRedis } from "./item-database.ts";

/** A client and what closes it. */
interface Opened {
	readonly store: Store;
	close(): Promise<unknown> | unknown;
}

const engines: TestEngine[] = [];
let valkey: TestEngine;
let redis: TestEngine;
let cluster: TestEngine;
let memcached: readonly TestEngine[];

beforeAll(async () => {
	[valkey, redis, cluster, ...memcached] = await Promise.all([
		startEngine("valkey", "9"),
		startEngine("redis", "7"),
		startCluster("valkey", "8"),
		startMemcached(),
		startMemcached(),
	]);
	engines.push(valkey, redis, cluster, ...memcached);
});
afterAll(() => Promise.all(engines.map((engine) => engine.stop())));

/** The first has all slots, and the second none. */
async function startClusterOfTwo() {
	const settings = ["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"];
	const [first, second] = await Promise.all([
		startCluster("valkey", "9"),
		startEngine("valkey", "9", settings),
	]);
	engines.push(first, second);
	const [a, b] = [openRedis(first.port), openRedis(second.port)];
	const bus = String(second.port + 10_000);
	await a.call("CLUSTER", "MEET", "127.0.0.1", String(second.port), bus);
	await waitUntil("both to know all slots", async () =>
		String(await b.call("CLUSTER", "INFO")).includes("cluster_slots_assigned:16384"),
	);
	a.disconnect();
	b.disconnect();
	return [first, second] as const;
}

/** Gives the slots of keys to another node. All keys are deleted. */
async function moveSlots(from: TestEngine, to: TestEngine, keys: readonly string[]): Promise<void> {
	const [a, b] = [openRedis(from.port), openRedis(to.port)];
	const id = String(await b.call("CLUSTER", "MYID"));
	await a.flushall();
	for (const key of keys) {
		const slot = String(await a.call("CLUSTER", "KEYSLOT", key));
		for (const client of [b, a]) await client.call("CLUSTER", "SETSLOT", slot, "NODE", id);
	}
	a.disconnect();
	b.disconnect();
}

const openIoredis = (port: number): Opened => {
	const client = openRedis(port);
	return { store: ioredisStore(client), close: () => client.disconnect() };
};
const openNodeRedis = async (port: number, options = {}): Promise<Opened> => {
	const client = createClient({ socket: { host: "127.0.0.1", port }, ...options });
	client.on("error", () => undefined);
	await client.connect();
	return { store: nodeRedisStore(client), close: () => client.destroy() };
};

const CLIENTS: readonly [string, () => Promise<Opened> | Opened][] = [
	["ioredis, Valkey 9", () => openIoredis(valkey.port)],
	["ioredis, Redis OSS 7", () => openIoredis(redis.port)],
	[
		"ioredis, cluster",
		() => {
			const client = new Cluster([{ host: "127.0.0.1", port: cluster.port }]);
			return { store: ioredisStore(client), close: () => client.disconnect() };
		},
	],
	["node-redis, Valkey 9", () => openNodeRedis(valkey.port)],
	["node-redis, Redis OSS 7", () => openNodeRedis(redis.port)],
	[
		"node-redis, cluster",
		async () => {
			const client = createCluster({
				rootNodes: [{ socket: { host: "127.0.0.1", port: cluster.port } }],
			});
			await client.connect();
			return { store: nodeRedisStore(client), close: () => client.destroy() };
		},
	],
	[
		"Valkey GLIDE, Valkey 9",
		async () => {
			const addresses = [{ host: "127.0.0.1", port: valkey.port }];
			const client = await GlideClient.createClient({ addresses });
			return { store: glideStore(client), close: () => client.close() };
		},
	],
	[
		"Valkey GLIDE, cluster",
		async () => {
			const addresses = [{ host: "127.0.0.1", port: cluster.port }];
			const client = await GlideClusterClient.createClient({ addresses });
			return { store: glideStore(client), close: () => client.close() };
		},
	],
	[
		"memcache-client, one node",
		() => {
			const client = new MemcacheClient({ server: `127.0.0.1:${memcached[0]?.port}` });
			return { store: memcachedStore(client), close: () => client.shutdown() };
		},
	],
	[
		"memcache-client, two nodes",
		() => {
			const clients = memcached.map(
				({ port }) => new MemcacheClient({ server: `127.0.0.1:${port}` }),
			);
			const close = () => {
				for (const client of clients) client.shutdown();
			};
			return { store: memcachedStore(clients), close };
		},
	],
];

describe.each(CLIENTS)("%s", (name, open) => {
	let opened: Opened;
	let store: Store;
	const at = (key: string) => `${name.replaceAll(/\W+/g, "-")}:${key}`;

	beforeAll(async () => {
		opened = await open();
		store = opened.store;
	});
	afterAll(() => opened?.close());

	test("swaps a content for another only if it is what was expected", async () => {
		const key = at("swap");
		expect(await store.get(key)).toBeNull();
		expect(await store.swap(key, "a", "b", 60_000)).toBe(false);
		expect(await store.swap(key, null, "first|é", 60_000)).toBe(true);
		expect(await store.swap(key, null, "other", 60_000)).toBe(false);
		expect(await store.swap(key, "second", "other", 60_000)).toBe(false);
		expect(await store.get(key)).toBe("first|é");
		expect(await store.swap(key, "first|é", "second", 60_000)).toBe(true);
		expect(await store.swap(key, "sec", "third", 60_000)).toBe(true);
		expect(await store.swap(key, "first", null, 1)).toBe(false);
		expect(await store.swap(key, "third", null, 1)).toBe(true);
		expect(await store.get(key)).toBeNull();
		const racers = Array.from({ length: 20 }, (_, n) => store.swap(key, null, `r${n}`, 60_000));
		expect((await Promise.all(racers)).filter((won) => won)).toHaveLength(1);
	});

	test("reads keys of many slots and nodes at once, in their order", async () => {
		const keys = Array.from({ length: 30 }, (_, index) => at(`many ${index}`));
		await Promise.all(
			keys.slice(0, 20).map((key, index) => store.swap(key, null, `v${index}`, 60_000)),
		);
		const expected = keys.map((_, index) => (index < 20 ? `v${index}` : null));
		expect(await store.getMany(keys)).toEqual(expected);
		expect(await store.getMany(keys.toReversed())).toEqual(expected.toReversed());
	});

	test("forgets at the end of the TTL", async () => {
		await store.swap(at("ttl"), null, "short", 1);
		await waitUntil("it to be gone", async () => (await store.get(at("ttl"))) === null);
	});

	test("strategies work with it: reads, tags, batches, writes of several writers", async () => {
		let rows = new Map([["a", 1]]);
		const make = () =>
			writeThrough<number>({
				...{ store, prefix: at("user "), ttlMs: 60_000, tags: () => ["all"] },
				breaker: { operationTimeoutMs: 5_000 },
				load: async (key) => rows.get(key),
				loadMany: async (keys) => new Map([...rows].filter(([key]) => keys.includes(key))),
				write: async (key, value) => void rows.set(key, value),
			});
		const [cache, other] = [make(), make()];
		expect(await cache.get("a")).toBe(1);
		await other.put("b", 2);
		rows = new Map([
			["a", 10],
			["b", 20],
		]);
		expect(await cache.getMany(["a", "b", "none"])).toEqual(
			new Map([
				["a", 1],
				["b", 2],
			]),
		);
		await other.invalidateTag("all");
		expect(await cache.getMany(["a", "b"])).toEqual(rows);
		await Promise.all([cache.put("a", 3), other.put("a", 4), cache.put("a", 5)]);
		expect(await cache.get("a")).toBe(rows.get("a"));
		expect(await other.get("a")).toBe(rows.get("a"));
		expect(cache.stats().fallback).toBe(0);
	});
});

describe.each([
	["ioredis", () => openIoredis(valkey.port)],
	["node-redis", () => openNodeRedis(valkey.port, { RESP: 3, emitInvalidate: true })],
] as const)("a near cache by %s", (name, open) => {
	test("answers from memory until any client changes the key", async () => {
		const { store, close } = await open();
		const writer = openIoredis(valkey.port);
		const prefix = `near ${name}:`;
		const near = await nearCache(store, { prefix });
		const rows = new Map([["a", 1]]);
		const load = async (key: string) => rows.get(key);
		const cache = cacheAside({ store: near, prefix, ttlMs: 60_000, load });
		const elsewhere = cacheAside({ store: writer.store, prefix, ttlMs: 60_000, load });
		await waitUntil("it to track", () => near.stats().isTracking);
		await cache.get("a");
		await waitUntil("it to keep the value", async () => {
			await cache.get("a");
			return near.stats().entries === 1;
		});
		const { misses } = near.stats();
		for (let read = 0; read < 100; read += 1) expect(await cache.get("a")).toBe(1);
		expect(near.stats().misses).toBe(misses);
		rows.set("a", 2);
		await elsewhere.invalidate("a");
		await waitUntil("the change to arrive", async () => (await cache.get("a")) === 2);
		await near.close();
		expect(near.stats()).toMatchObject({ entries: 0, isTracking: false });
		await Promise.all([close(), writer.close()]);
	});
});

test("a near cache forgets everything while it can't hear of changes, and goes on afterward", async () => {
	const engine = await startEngine("valkey", "9");
	engines.push(engine);
	const client = openRedis(engine.port);
	const near = await nearCache(ioredisStore(client), { prefix: "p:" });
	const killer = openRedis(engine.port);
	const cache = cacheAside({ store: near, prefix: "p:", ttlMs: 60_000, load: async () => 1 });
	await waitUntil("it to keep the value", async () => {
		await cache.get("a");
		return near.stats().entries === 1;
	});
	await killer.call("CLIENT", "KILL", "TYPE", "pubsub");
	await waitUntil("it to notice", () => near.stats().entries === 0);
	await waitUntil("it to track again", () => near.stats().isTracking);
	await waitUntil("it to keep the value", async () => {
		await cache.get("a");
		return near.stats().entries === 1;
	});
	await near.close();
	client.disconnect();
	killer.disconnect();
});

test("a near cache by ioredis's Cluster hears of changes on every node, and of a node that is new to its client", async () => {
	const [first, second] = await startClusterOfTwo();
	const [client, writer] = [1, 2].map(() => new Cluster([{ host: "127.0.0.1", port: first.port }]));
	if (client === undefined || writer === undefined) throw new Error("no clients");
	const near = await nearCache(ioredisStore(client), { prefix: "p:" });
	const keys = ["a", "b", "c", "d"];
	const rows = new Map(keys.map((key) => [key, 1]));
	const load = async (key: string) => rows.get(key);
	const cache = cacheAside({ store: near, prefix: "p:", ttlMs: 60_000, load });
	const elsewhere = cacheAside({ store: ioredisStore(writer), prefix: "p:", ttlMs: 60_000, load });
	const keepAll = () =>
		waitUntil("it to keep the values", async () => {
			await Promise.all(keys.map((key) => cache.get(key)));
			return near.stats().isTracking && near.stats().entries === keys.length;
		});
	const changeAll = async (value: number) => {
		for (const key of keys) {
			rows.set(key, value);
			await elsewhere.invalidate(key);
		}
		await waitUntil("the changes to arrive", async () => {
			const found = await Promise.all(keys.map((key) => cache.get(key)));
			return found.every((each) => each === value);
		});
	};
	await keepAll();
	expect(client.nodes("all")).toHaveLength(1);
	await moveSlots(first, second, ["p:b", "p:c"]);
	// The client is led to the other node.
	await keepAll();
	expect(client.nodes("all")).toHaveLength(2);
	await changeAll(2);
	await keepAll();
	const killer = openRedis(second.port);
	await killer.call("CLIENT", "KILL", "TYPE", "pubsub");
	killer.disconnect();
	await waitUntil("it to notice", () => near.stats().entries === 0);
	await keepAll();
	await changeAll(3);
	await near.close();
	expect(near.stats()).toMatchObject({ entries: 0, isTracking: false });
	client.disconnect();
	writer.disconnect();
});

test("an engine that hangs, and one that is gone, make reads slower and never fail", async () => {
	const engine = await startEngine("valkey", "9");
	const client = openRedis(engine.port);
	const breaker = { operationTimeoutMs: 100, failures: 2, openMs: 50 };
	const cache = cacheAside({
		...{ store: ioredisStore(client), prefix: "p:", ttlMs: 60_000, breaker },
		load: async (key) => key.length,
	});
	expect(await cache.get("abc")).toBe(3);
	engine.signal("SIGSTOP");
	for (let read = 0; read < 20; read += 1) expect(await cache.get("abc")).toBe(3);
	expect(cache.stats().fallback).toBe(20);
	engine.signal("SIGCONT");
	await waitUntil("the cache to be used again", async () => {
		await cache.get("abc");
		return cache.stats().hit > 0;
	});
	await engine.stop();
	expect(await cache.get("abc")).toBe(3);
	client.disconnect();
});
