import { Cluster, Redis } from "ioredis";
import type { LabTask } from "../server/contract/lab.ts";

const CONNECT_MS = 5_000;
const COMMAND_MS = 10_000;
const SCAN_COUNT = 1_000;
const SAMPLED_KEYS = 200;

/** A connection as applications make it. */
export type CacheConnection = Redis | Cluster;

/** Throws if the cache doesn't answer. */
export async function openCache(connection: LabTask["connection"]): Promise<CacheConnection> {
	const { host, port, username, password, isCluster } = connection;
	const login = {
		...(username !== null && { username }),
		...(password !== null && { password }),
	};
	const options = {
		...login,
		connectTimeout: CONNECT_MS,
		commandTimeout: COMMAND_MS,
		maxRetriesPerRequest: 1,
	};
	const client = isCluster
		? new Cluster([{ host, port }], { redisOptions: options, lazyConnect: true })
		: new Redis({ host, port, ...options, lazyConnect: true });
	// Each command reports its own error.
	client.on("error", () => undefined);
	try {
		await client.connect();
		await client.ping();
	} catch (error) {
		client.disconnect();
		throw error;
	}
	return client;
}

function nodesOf(client: CacheConnection): Redis[] {
	return client instanceof Cluster ? client.nodes("master") : [client];
}

async function* scan(node: Redis, prefix: string): AsyncGenerator<string[]> {
	let cursor = "0";
	do {
		const [next, keys] = await node.scan(cursor, "MATCH", `${prefix}*`, "COUNT", SCAN_COUNT);
		if (keys.length > 0) yield keys;
		cursor = next;
	} while (cursor !== "0");
}

/** Keys with the prefix, and the memory that they take by the engine's count of some of them. */
export async function measureKeys(
	client: CacheConnection,
	prefix: string,
): Promise<{ keys: number; bytes: number }> {
	const found = new Set<string>();
	let sampled = 0;
	let sampledBytes = 0;
	for (const node of nodesOf(client)) {
		for await (const keys of scan(node, prefix)) {
			for (const key of keys) found.add(key);
			for (const key of keys.slice(0, Math.max(0, SAMPLED_KEYS - sampled))) {
				const bytes = await node.call("MEMORY", "USAGE", key);
				// It has expired meanwhile.
				if (typeof bytes !== "number") continue;
				sampled += 1;
				sampledBytes += bytes;
			}
		}
	}
	const bytes = sampled === 0 ? 0 : Math.round((sampledBytes / sampled) * found.size);
	return { keys: found.size, bytes };
}

/** Deletes all keys with the prefix, and nothing else. */
export async function deleteKeys(client: CacheConnection, prefix: string): Promise<void> {
	for (const node of nodesOf(client)) {
		for await (const keys of scan(node, prefix)) {
			const pipeline = node.pipeline();
			for (const key of keys) pipeline.unlink(key);
			for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
		}
	}
}

/** How much the cache can take before it evicts; null if it has no limit. Over all primaries. */
export async function freeBytes(client: CacheConnection): Promise<number | null> {
	let free = 0;
	for (const node of nodesOf(client)) {
		const info = await node.info("memory");
		const limit = numberOf(info, "maxmemory");
		if (limit === 0) return null;
		free += Math.max(0, limit - numberOf(info, "used_memory"));
	}
	return free;
}

function numberOf(info: string, name: string): number {
	return Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
}
