/**
 * `hit-cost.mjs <port>`: what a hit costs compared with the bare client's GET of the same content, in short turns on the same
 * connection and in changing order: a busy machine then slows them all alike, and each turn's hit is compared with its GET.
 * Plain JavaScript and the built package, as applications run it: loaders of TypeScript slow functions down.
 */
import process from "node:process";
import { Redis } from "ioredis";
import { cacheAside, ioredisStore, nearCache, nodeRedisStore } from "larder-patterns";
import { createClient } from "redis";

const ROUNDS = 120;
/** Until functions have been compiled. */
const WARM_UP_ROUNDS = 20;
const KEYS = 1_000;
const READS = { 1: 200, 50: 2_000 };
const VALUE = { id: 42, name: "Ada Lovelace", email: "ada@example.com", roles: ["admin"] };

const port = Number(process.argv[2]);
const ioredis = new Redis(port);
const nodeRedis = createClient({ socket: { host: "127.0.0.1", port } });
nodeRedis.on("error", (error) => console.error(error.message));
await nodeRedis.connect();

const NEAR = "ioredis, near cache";
const near = await nearCache(ioredisStore(ioredis), { prefix: `${NEAR}:` });
const clients = [
	["ioredis", (key) => ioredis.get(key), ioredisStore(ioredis)],
	["node-redis", (key) => nodeRedis.get(key), nodeRedisStore(nodeRedis)],
	[NEAR, (key) => ioredis.get(key), near],
];
console.log("| client | at once | GET, µs | GET and JSON.parse, µs | hit, µs | hit / GET |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const [name, get, store] of clients) {
	const prefix = `${name}:`;
	const cache = cacheAside({ store, prefix, ttlMs: 3_600_000, load: async () => VALUE });
	const keys = Array.from({ length: KEYS }, (_, index) => String(index));
	const text = JSON.stringify(VALUE);
	for (const key of keys) {
		await cache.get(key);
		// A near cache keeps what has been read from the cache.
		await cache.get(key);
		await ioredis.set(`${prefix}plain:${key}`, text);
	}
	const reads = [
		(key) => get(`${prefix}${key}`),
		async (key) => JSON.parse(await get(`${prefix}plain:${key}`)),
		(key) => cache.get(key),
	];
	for (const atOnce of [1, 50]) {
		const rounds = [];
		for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
			const times = [];
			for (const turn of reads.keys()) {
				const index = (turn + round + WARM_UP_ROUNDS) % reads.length;
				times[index] = await microsecondsEach(reads[index], keys, atOnce);
			}
			if (round >= 0) rounds.push(times);
		}
		const medians = reads.map((_, index) => median(rounds.map((times) => times[index])));
		const ratio = median(rounds.map(([bare, , hit]) => hit / bare));
		const cells = [name, atOnce, ...medians.map((each) => each.toFixed(1)), ratio.toFixed(2)];
		console.log(`| ${cells.join(" | ")} |`);
	}
	const { miss, hit } = cache.stats();
	if (miss !== KEYS || hit < KEYS) throw new Error(`${miss} misses, ${hit} hits`);
}
if (near.stats().hits < KEYS) throw new Error("the near cache has answered nothing");
await near.close();
ioredis.disconnect();
nodeRedis.destroy();

async function microsecondsEach(read, keys, atOnce) {
	const count = READS[atOnce];
	const startedAt = performance.now();
	let next = 0;
	const readOn = async () => {
		while (next < count) await read(keys[next++ % KEYS]);
	};
	await Promise.all(Array.from({ length: atOnce }, readOn));
	return ((performance.now() - startedAt) * 1_000) / count;
}

function median(values) {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
