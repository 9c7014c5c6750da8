import { createClient } from "redis";
import { markdownTable, median } from "../../platform/testing/figures.ts";
import { cacheAside, ioredisStore, nodeRedisStore, type Store } from "../src/index.ts";
import { openRedis } from "../testing/item-database.ts";

const ROUNDS = 15;
const KEYS = 1_000;
const AT_ONCE = { 1: 8_000, 50: 40_000 } as const;
const VALUE = {
	id: 42,
	name: "Ada Lovelace",
	email: "ada@example.com",
	roles: ["admin", "author"],
};

/** Prints what a hit costs compared with the bare client's GET of the same content, in turns on the same connection. */
export async function measureHitCost(port: number): Promise<void> {
	const ioredis = openRedis(port);
	const nodeRedis = createClient({ socket: { host: "127.0.0.1", port } });
	nodeRedis.on("error", (error) => console.error(error.message));
	await nodeRedis.connect();
	const rows = [["client", "at once", "GET, µs", "hit, µs", "ratio of the medians"]];
	const clients: [string, (key: string) => Promise<unknown>, Store][] = [
		["ioredis", (key) => ioredis.get(key), ioredisStore(ioredis)],
		["node-redis", (key) => nodeRedis.get(key), nodeRedisStore(nodeRedis)],
	];
	for (const [name, get, store] of clients) {
		const cache = cacheAside({
			store,
			prefix: `cost ${name}:`,
			ttlMs: 3_600_000,
			load: async () => VALUE,
		});
		for (let key = 0; key < KEYS; key += 1) await cache.get(String(key));
		for (const atOnce of [1, 50] as const) {
			const bare: number[] = [];
			const hits: number[] = [];
			const measure = (read: (key: number) => Promise<unknown>) =>
				microsecondsEach(read, AT_ONCE[atOnce], atOnce);
			for (let round = 0; round < ROUNDS; round += 1) {
				bare.push(await measure((key) => get(`cost ${name}:${key}`)));
				hits.push(await measure((key) => cache.get(String(key))));
			}
			const [one, other] = [median(bare), median(hits)];
			rows.push([name, String(atOnce), one.toFixed(1), other.toFixed(1), (other / one).toFixed(2)]);
		}
		if (cache.stats().miss !== KEYS)
			throw new Error(`not only hits: ${JSON.stringify(cache.stats())}`);
	}
	console.log(`${markdownTable(rows)}\n`);
	ioredis.disconnect();
	nodeRedis.destroy();
}

async function microsecondsEach(
	read: (key: number) => Promise<unknown>,
	count: number,
	atOnce: number,
): Promise<number> {
	const startedAt = performance.now();
	let next = 0;
	const readOn = async () => {
		while (next < count) await read(next++ % KEYS);
	};
	await Promise.all(Array.from({ length: atOnce }, readOn));
	return ((performance.now() - startedAt) * 1_000) / count;
}
