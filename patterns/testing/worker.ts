/**
 * A process of an application, for tests and benchmarks: `worker.ts <port of the cache> <URL of the database> <name> <task> [key count]`.
 *
 *   read   says "ready"; at the message `{ key, reads }`, reads the key that often at once; answers with the versions it got
 *   write  says "ready"; at any message, writes through the cache without pause until it is killed
 */
import { cacheAside, ioredisStore, writeThrough } from "../src/index.ts";
import { type Item, ItemDatabase, openRedis } from "./item-database.ts";

const [port, url = "", name = "", task, keyCount = "1"] = process.argv.slice(2);
const database = new ItemDatabase(url, name);
const client = openRedis(Number(port));
const options = { store: ioredisStore(client), prefix: "item:", ttlMs: 600_000 };

await client.ping();
await database.pool.query("SELECT 1");
process.on("disconnect", () => process.exit());

if (task === "read") {
	const cache = cacheAside<Item>({ ...options, load: (key) => database.read(key, 100) });
	process.on("message", ({ key, reads }: { key: string; reads: number }) => {
		void Promise.all(Array.from({ length: reads }, () => cache.get(key))).then((items) =>
			process.send?.({ versions: [...new Set(items.map((item) => item?.version))] }),
		);
	});
} else {
	const cache = writeThrough<Item>({
		...options,
		writeLeaseMs: 3_000,
		load: (key) => database.read(key),
		write: (key) => database.write(key, 2),
	});
	process.once("message", async () => {
		for (;;) {
			const id = String(Math.floor(Math.random() * Number(keyCount)));
			await cache.put(id, { id, version: 0 });
		}
	});
}
process.send?.({ ready: true });
