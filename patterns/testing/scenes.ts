import { setTimeout as delay } from "node:timers/promises";
import { waitUntil } from "../../e2e/fixtures/wait-until.ts";
import { cacheAside, ioredisStore, type ReadCache, writeThrough } from "../src/index.ts";
import { type Item, ItemDatabase, openRedis } from "./item-database.ts";
import { spawnWorker, type Worker } from "./spawn-worker.ts";

export interface Place {
	/** Port of the engine. */
	readonly port: number;
	readonly databaseUrl: string;
}

/** One key that nobody has, read by many callers of several processes at once. */
export async function stampede(
	{ port, databaseUrl }: Place,
	{ processes, reads }: { processes: number; reads: number },
): Promise<{ queries: number; versions: number; elapsedMs: number }> {
	const database = new ItemDatabase(databaseUrl);
	await database.create(1);
	const args = [String(port), databaseUrl, "stampede", "read"];
	const workers = await Promise.all(Array.from({ length: processes }, () => spawnWorker(args)));
	try {
		const startedAt = performance.now();
		const answers = workers.map((worker) => worker.next());
		for (const worker of workers) worker.send({ key: "0", reads: reads / processes });
		const versions = new Set((await Promise.all(answers)).map((answer) => JSON.stringify(answer)));
		const elapsedMs = performance.now() - startedAt;
		return { queries: await database.reads(), versions: versions.size, elapsedMs };
	} finally {
		await Promise.all(workers.map((worker) => worker.kill()));
		await database.close();
	}
}

export type StaleStrategy = "ttl" | "invalidate" | "write-through";

/** Readers and writers of few keys. A read is stale if it returns less than the database had acknowledged before it began. */
export async function countStaleReads(
	{ port, databaseUrl }: Place,
	strategy: StaleStrategy,
	{ keys, milliseconds }: { keys: number; milliseconds: number },
): Promise<{ reads: number; writes: number; stale: number }> {
	const database = new ItemDatabase(databaseUrl);
	await database.create(keys);
	const clients = [openRedis(port), openRedis(port), openRedis(port)];
	const acknowledged = new Map<string, number>();
	const write = async (id: string): Promise<Item> => {
		const item = await database.write(id);
		acknowledged.set(id, Math.max(item.version, acknowledged.get(id) ?? 0));
		return item;
	};
	// Each has its own connection, as processes do.
	const caches = clients.map((client) => {
		const options = {
			...{
				store: ioredisStore(client),
				prefix: `${strategy}:`,
				load: (id: string) => database.read(id),
			},
			ttlMs: strategy === "ttl" ? 200 : 60_000,
		};
		return strategy === "write-through"
			? writeThrough<Item>({ ...options, write })
			: cacheAside<Item>(options);
	});
	const counts = { reads: 0, writes: 0, stale: 0 };
	const until = performance.now() + milliseconds;
	const pickKey = () => String(Math.floor(Math.random() * keys));
	const readOn = async (cache: ReadCache<Item>) => {
		while (performance.now() < until) {
			const id = pickKey();
			const least = acknowledged.get(id) ?? 1;
			const item = await cache.get(id);
			counts.reads += 1;
			if ((item?.version ?? 0) < least) counts.stale += 1;
		}
	};
	const writeOn = async (cache: ReadCache<Item>) => {
		while (performance.now() < until) {
			const id = pickKey();
			if ("put" in cache && typeof cache.put === "function") {
				await cache.put(id, { id, version: 0 });
			} else {
				await write(id);
				if (strategy === "invalidate") await cache.invalidate(id);
			}
			counts.writes += 1;
			await delay(2);
		}
	};
	await Promise.all(caches.flatMap((cache) => [readOn(cache), readOn(cache), writeOn(cache)]));
	for (const client of clients) client.disconnect();
	await database.close();
	return counts;
}

export interface KillResult {
	readonly kills: number;
	/** Kills that left the writer's mark in the cache: after it had begun, before cache and database had both ended. */
	readonly betweenWrites: number;
	/** Reads right after a kill, of every key, that differed from the database. */
	readonly wrong: number;
	/** The same once all write leases had expired. */
	readonly wrongAfterLeases: number;
	readonly writes: number;
}

/** Kills a process that writes through without pause, again and again, and compares every key with the database each time. */
export async function killWriters(
	{ port, databaseUrl }: Place,
	{ kills, keys }: { kills: number; keys: number },
): Promise<KillResult> {
	const database = new ItemDatabase(databaseUrl);
	await database.create(keys);
	const client = openRedis(port);
	await client.flushall();
	const cache = cacheAside<Item>({
		...{ store: ioredisStore(client), prefix: "item:", ttlMs: 600_000 },
		load: (id) => database.read(id),
	});
	const ids = Array.from({ length: keys }, (_, index) => String(index));
	const countWrong = async () => {
		let wrong = 0;
		for (const id of ids) {
			const [cached, stored] = [await cache.get(id), await database.read(id)];
			if (cached?.version !== stored?.version) wrong += 1;
		}
		return wrong;
	};
	let betweenWrites = 0;
	let wrong = 0;
	const spawn = (index: number) => {
		const name = `writer-${index}`;
		const args = [String(port), databaseUrl, name, "write", String(keys)];
		return spawnWorker(args).then((worker) => ({ worker, name }));
	};
	let next: Promise<{ worker: Worker; name: string }> = spawn(0);
	for (let kill = 0; kill < kills; kill += 1) {
		const { worker, name } = await next;
		if (kill + 1 < kills) next = spawn(kill + 1);
		worker.send({});
		await delay(20 + Math.random() * 30);
		await worker.kill();
		// What it had sent, the database still carries out.
		await waitUntil("the database to end its work", async () => {
			return (await database.connectionsOf(name)) === 0;
		});
		const marks = await client.mget(ids.map((id) => `item:${id}`));
		if (marks.some((mark) => /^[WX]/.test(mark ?? ""))) betweenWrites += 1;
		wrong += await countWrong();
	}
	await waitUntil("the write leases to expire", async () => {
		const marks = await client.mget(ids.map((id) => `item:${id}`));
		return !marks.some((mark) => /^[WX]/.test(mark ?? ""));
	});
	// Once from the database, once from the cache.
	const wrongAfterLeases = (await countWrong()) + (await countWrong());
	let writes = 0;
	for (const id of ids) writes += ((await database.read(id))?.version ?? 1) - 1;
	client.disconnect();
	await database.close();
	return { kills, betweenWrites, wrong, wrongAfterLeases, writes };
}
