import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { waitUntil } from "../../e2e/fixtures/wait-until.ts";
import {
	cacheAside,
	invalidateFromPostgres,
	ioredisStore,
	notifyOnChange,
	writeBehind,
} from "../src/index.ts";
import { startEngine, type TestEngine } from "./engines.ts";
import { type Item, ItemDatabase, openRedis } from "./item-database.ts";
import { countStaleReads, killWriters, type Place, stampede } from "./scenes.ts";

let engine: TestEngine;
let place: Place;
let admin: pg.Client;
const name = `patterns_${process.pid}`;

beforeAll(async () => {
	const serverUrl = inject("postgresUrl");
	admin = new pg.Client({ connectionString: serverUrl });
	await admin.connect();
	await admin.query(`CREATE DATABASE ${name}`);
	const url = new URL(serverUrl);
	url.pathname = `/${name}`;
	engine = await startEngine("valkey", "9");
	place = { port: engine.port, databaseUrl: url.href };
});
afterAll(async () => {
	await engine?.stop();
	await admin?.query(`DROP DATABASE ${name} WITH (FORCE)`);
	await admin?.end();
});

test("1,000 concurrent misses of one key from 4 processes ask the database once", async () => {
	const { queries, versions } = await stampede(place, { processes: 4, reads: 1_000 });
	expect({ queries, versions }).toEqual({ queries: 1, versions: 1 });
});

test("write-through returns no stale read, where TTLs alone return many", async () => {
	const many = await countStaleReads(place, "ttl", { keys: 5, milliseconds: 1_000 });
	expect(many.stale).toBeGreaterThan(0);
	const none = await countStaleReads(place, "write-through", { keys: 5, milliseconds: 1_500 });
	expect(none.stale).toBe(0);
	expect(none.writes).toBeGreaterThan(10);
	expect(none.reads).toBeGreaterThan(100);
});

test("a writer killed at any moment leaves no stale value", async () => {
	const result = await killWriters(place, { kills: 6, keys: 3 });
	expect(result).toMatchObject({ wrong: 0, wrongAfterLeases: 0 });
	expect(result.betweenWrites).toBeGreaterThan(0);
});

test("write-behind: what waits when the process dies is in the cache and never in the database", async () => {
	const database = new ItemDatabase(place.databaseUrl);
	await database.create(2);
	const client = openRedis(engine.port);
	const options = { store: ioredisStore(client), prefix: "behind:", ttlMs: 60_000 };
	const cache = writeBehind<Item>({
		...{ ...options, flushMs: 3_600_000 },
		load: (id) => database.read(id),
		async writeMany(items) {
			for (const id of items.keys()) await database.write(id);
		},
	});
	await cache.put("0", { id: "0", version: 2 });
	await cache.flush();
	await cache.put("1", { id: "1", version: 2 });
	expect(cache.pending()).toBe(1);
	// What another process sees, if this one dies now.
	const reader = cacheAside<Item>({ ...options, load: (id) => database.read(id) });
	expect(await reader.get("1")).toEqual({ id: "1", version: 2 });
	expect((await database.read("0"))?.version).toBe(2);
	expect((await database.read("1"))?.version).toBe(1);
	await cache.flush();
	client.disconnect();
	await database.close();
});

describe("invalidation by LISTEN and NOTIFY", () => {
	test("follows changes by anyone, and makes up for what it missed while it was cut off", async () => {
		const database = new ItemDatabase(place.databaseUrl);
		await database.create(3);
		await database.pool.query(
			notifyOnChange({ table: "items", keyColumn: "id", channel: "items_changed" }),
		);
		const client = openRedis(engine.port);
		const cache = cacheAside<Item>({
			...{ store: ioredisStore(client), prefix: "fed:", ttlMs: 600_000, tags: () => ["all"] },
			load: (id) => database.read(id),
		});
		const gaps: unknown[] = [];
		const stop = await invalidateFromPostgres({
			...{ cache, channel: "items_changed", gapTag: "all" },
			onGap: (error) => gaps.push(error),
			async connect() {
				const connection = new pg.Client({
					connectionString: place.databaseUrl,
					application_name: "feed",
				});
				await connection.connect();
				return connection;
			},
		});
		for (const id of ["0", "1", "2"]) await cache.get(id);
		const isSeen = (id: string, version: number | undefined) =>
			waitUntil("the change to be seen", async () => (await cache.get(id))?.version === version);
		await database.pool.query("UPDATE items SET version = 7 WHERE id = '1'");
		await isSeen("1", 7);
		expect((await cache.get("0"))?.version).toBe(1);
		await database.pool.query("DELETE FROM items WHERE id = '0'");
		await isSeen("0", undefined);
		await database.pool.query(`BEGIN; ALTER TABLE items DISABLE TRIGGER ALL;
			UPDATE items SET version = 9 WHERE id = '2'; ALTER TABLE items ENABLE TRIGGER ALL; COMMIT`);
		expect((await cache.get("2"))?.version).toBe(1);
		await database.pool.query(
			"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'feed'",
		);
		await waitUntil("it to be back", () => gaps.includes(null));
		expect((await cache.get("2"))?.version).toBe(9);
		await stop();
		client.disconnect();
		await database.close();
	});
});
