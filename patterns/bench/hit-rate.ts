import { markdownTable } from "../../platform/testing/figures.ts";
import { sampler, seededRandom, zipfProbabilities } from "../../platform/zipf.ts";
import { cacheAside, ioredisStore } from "../src/index.ts";
import { startEngine } from "../testing/engines.ts";
import { type Item, ItemDatabase, openRedis } from "../testing/item-database.ts";
import { expectedHitRate, simulateRandomEviction } from "../testing/zipf.ts";

const KEYS = 10_000;
const EXPONENT = 0.99;
const REQUESTS = 120_000;
const READERS = 16;
const NOTE_BYTES = 400;

/** Prints hit rates of lazy loading with a cache that holds a part of the keys, beside a simulation of the same requests and theory. */
export async function measureHitRate(databaseUrl: string): Promise<void> {
	const probabilities = zipfProbabilities(KEYS, EXPONENT);
	const draw = sampler(probabilities, seededRandom(17));
	const requests = Array.from({ length: REQUESTS }, draw);
	const rows = [
		["keys that fit", "hit rate", "simulation", "theory", "difference from the simulation"],
	];
	for (const mebibytes of [1, 2, 4]) {
		const { hitRate, capacity } = await run(databaseUrl, requests, mebibytes);
		const simulated = simulateRandomEviction(requests, Math.round(capacity), seededRandom(4));
		const theory = expectedHitRate(probabilities, capacity);
		const difference = `${((hitRate / simulated - 1) * 100).toFixed(2)} %`;
		const shares = [hitRate, simulated, theory].map((share) => `${(share * 100).toFixed(2)} %`);
		rows.push([Math.round(capacity).toLocaleString("en"), ...shares, difference]);
	}
	console.log(
		`${KEYS.toLocaleString("en")} keys, Zipf ${EXPONENT}, ${REQUESTS.toLocaleString("en")} reads, the second half counted; the engine evicts at random\n\n${markdownTable(rows)}\n`,
	);
}

async function run(databaseUrl: string, requests: readonly number[], mebibytes: number) {
	const engine = await startEngine("valkey", "9", ["--maxmemory-policy", "allkeys-random"]);
	const database = new ItemDatabase(databaseUrl);
	const client = openRedis(engine.port);
	try {
		await database.create(KEYS);
		const used = Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);
		await client.config("SET", "maxmemory", String(used + mebibytes * 1024 ** 2));
		const note = "n".repeat(NOTE_BYTES);
		const cache = cacheAside<Item & { note: string }>({
			...{ store: ioredisStore(client), prefix: "item:", ttlMs: 3_600_000 },
			load: async (id) => {
				const item = await database.read(id);
				return item && { ...item, note };
			},
		});
		let next = 0;
		let before = cache.stats();
		const sizes: number[] = [];
		const half = requests.length / 2;
		const readOn = async () => {
			while (next < requests.length) {
				const index = next++;
				if (index === half) before = cache.stats();
				if (index > half && index % 1_000 === 0) sizes.push(await client.dbsize());
				await cache.get(String(requests[index]));
			}
		};
		await Promise.all(Array.from({ length: READERS }, readOn));
		const after = cache.stats();
		const asked = after.miss + after.bypass - before.miss - before.bypass;
		const capacity = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
		return { hitRate: 1 - asked / half, capacity };
	} finally {
		client.disconnect();
		await database.close();
		await engine.stop();
	}
}
