import { describe, expect, it } from "vitest";
import type { CacheEvent } from "./events.ts";
import { memoryStore } from "./memory-store.ts";
import type { CacheOptions } from "./options.ts";
import { cacheAside } from "./strategies.ts";
import { deferred, fakeClock } from "./testing/fake-clock.ts";

/** A database of versions: each load of a key returns a higher number. */
function setUp(options: Partial<CacheOptions<string>> = {}) {
	const clock = fakeClock();
	const store = memoryStore({ now: clock.now });
	const loads: string[] = [];
	const events: CacheEvent[] = [];
	const make = (more: Partial<CacheOptions<string>> = {}) =>
		cacheAside<string>({
			...{ store, clock, prefix: "user:", ttlMs: 1_000, ttlJitter: 0 },
			load: async (key) => {
				loads.push(key);
				return key.startsWith("no") ? null : `${key}#${loads.length}`;
			},
			onEvent: (event) => events.push(event),
			...options,
			...more,
		});
	return { clock, store, loads, events, make, cache: make() };
}
const settled = () => new Promise(setImmediate);

describe("lazy loading", () => {
	it("asks the database once until the TTL ends or the key is invalidated", async () => {
		const { cache, clock, loads } = setUp();
		expect(await cache.get("a")).toBe("a#1");
		expect(await cache.get("a")).toBe("a#1");
		await clock.pass(1_000);
		expect(await cache.get("a")).toBe("a#2");
		expect(await cache.invalidate("a")).toBe(true);
		expect(await cache.get("a")).toBe("a#3");
		expect(loads).toHaveLength(3);
		expect(cache.stats()).toMatchObject({ hit: 1, miss: 3, hitRate: 0.25 });
	});

	it("makes TTLs longer and shorter by the jitter", async () => {
		const { cache, clock, store } = setUp({ ttlJitter: 0.1 });
		clock.chance = 0;
		await cache.get("a");
		clock.chance = 0.999;
		await cache.get("b");
		await clock.pass(950);
		expect(await store.get("user:a")).toBeNull();
		await clock.pass(140);
		expect(await store.get("user:b")).not.toBeNull();
	});

	it("remembers that the database has no such value, if it should", async () => {
		const { make, clock, loads } = setUp();
		const forgetful = make();
		await forgetful.get("none");
		expect(await forgetful.get("none")).toBeUndefined();
		expect(loads).toHaveLength(2);
		const cache = make({ negativeTtlMs: 100 });
		await cache.get("none");
		expect(await cache.get("none")).toBeUndefined();
		expect(loads).toHaveLength(3);
		expect(cache.stats()["negative-hit"]).toBe(1);
		await clock.pass(100);
		await cache.get("none");
		expect(loads).toHaveLength(4);
	});

	it("shares one load among all that miss at the same time, in this process and others", async () => {
		const answer = deferred<string>();
		const { make, clock, events } = setUp({ load: () => answer.promise });
		const processes = [make(), make(), make()];
		const reads = processes.flatMap((cache) => Array.from({ length: 50 }, () => cache.get("a")));
		await settled();
		answer.resolve("value");
		await settled();
		await clock.pass(100);
		expect(new Set(await Promise.all(reads))).toEqual(new Set(["value"]));
		expect(events.filter(({ type }) => type === "load")).toHaveLength(1);
	});

	it("takes over from a process that died while it loaded, and doesn't wait longer than it may", async () => {
		const { make, clock } = setUp({ loadLeaseMs: 500, waitMs: 200 });
		void make({ load: () => new Promise(() => undefined) }).get("a");
		await settled();
		const impatient = make().get("a");
		await settled();
		for (let passed = 0; passed < 300; passed += 50) await clock.pass(50);
		expect(await impatient).toMatch("a#");
		const patient = make({ waitMs: 5_000 }).get("a");
		await settled();
		for (let passed = 0; passed < 400; passed += 50) await clock.pass(50);
		expect(await patient).toMatch("a#");
		expect(make().stats().bypass).toBe(0);
	});

	it("throws what the database throws, and asks it again the next time", async () => {
		let isDown = true;
		const { cache } = setUp({
			load: async () => {
				if (isDown) throw new Error("the database is down");
				return "up";
			},
		});
		await expect(cache.get("a")).rejects.toThrow("the database is down");
		isDown = false;
		expect(await cache.get("a")).toBe("up");
	});

	it("overwrites what it can't read", async () => {
		const { cache, store, make } = setUp();
		await store.swap("user:a", null, "from an older program", 1_000);
		expect(await cache.get("a")).toBe("a#1");
		await make({ codec: { encode: () => "{", decode: (text) => text } }).get("b");
		expect(await cache.get("b")).toBe("b#3");
	});

	it("names the option that makes no sense", () => {
		const { make } = setUp();
		expect(() => make({ ttlMs: 0 })).toThrow("ttlMs must be at least 1, not 0");
		expect(() => make({ ttlJitter: 2 })).toThrow("ttlJitter must be from 0 to 0.9, not 2");
		expect(() => make({ prefix: "" })).toThrow("prefix");
	});
});

describe("a value past its TTL", () => {
	it("is served while it is loaded anew, by one process at a time", async () => {
		const { make, clock, loads } = setUp({ staleMs: 10_000 });
		const [first, second] = [make(), make()];
		await first.get("a");
		await clock.pass(1_500);
		expect(await Promise.all([first.get("a"), second.get("a"), first.get("a")])).toEqual(
			Array(3).fill("a#1"),
		);
		await settled();
		expect(await second.get("a")).toBe("a#2");
		expect(loads).toHaveLength(2);
		expect(first.stats().stale + second.stats().stale).toBe(3);
	});

	it("is served while the database fails, and no longer than staleMs", async () => {
		let isDown = false;
		const { cache, clock } = setUp({
			...{ staleMs: 1_000, loadLeaseMs: 100 },
			load: async () => {
				if (isDown) throw new Error("down");
				return "up";
			},
		});
		await cache.get("a");
		isDown = true;
		await clock.pass(1_500);
		expect(await cache.get("a")).toBe("up");
		await settled();
		expect(await cache.get("a")).toBe("up");
		await clock.pass(600);
		await expect(cache.get("a")).rejects.toThrow("down");
	});

	it("isn't written by a refresh that began before an invalidation", async () => {
		const answers = [deferred<string>(), deferred<string>(), deferred<string>()];
		let loads = 0;
		const { cache, clock } = setUp({
			staleMs: 10_000,
			load: async () => answers[loads++]?.promise,
		});
		answers[0]?.resolve("first");
		await cache.get("a");
		await clock.pass(1_500);
		expect(await cache.get("a")).toBe("first");
		await cache.invalidate("a");
		const read = cache.get("a");
		await settled();
		answers[2]?.resolve("third");
		expect(await read).toBe("third");
		answers[1]?.resolve("second, from before the invalidation");
		await settled();
		expect(await cache.get("a")).toBe("third");
	});
});

it("early refresh grows likelier as the end of the TTL comes near, and with the time that a load takes", async () => {
	const clock = fakeClock();
	let loads = 0;
	const cache = cacheAside({
		...{ store: memoryStore({ now: clock.now }), clock, prefix: "p:", ttlMs: 10_000, ttlJitter: 0 },
		earlyRefresh: 1,
		load: async () => {
			await clock.pass(100);
			return ++loads;
		},
	});
	await cache.get("a");
	// A tenth of the reads would refresh a value that lives for another 100 ms × ln 10 = 230 ms.
	clock.chance = 0.9;
	await clock.pass(9_700);
	await cache.get("a");
	await settled();
	expect(loads).toBe(1);
	await clock.pass(100);
	expect(await cache.get("a")).toBe(1);
	await settled();
	await settled();
	expect(loads).toBe(2);
	expect(await cache.get("a")).toBe(2);
	expect(cache.stats()).toMatchObject({ hit: 3, miss: 1 });
});

describe("tags", () => {
	it("invalidate all of their keys and no others", async () => {
		const { make } = setUp({ tags: (key) => [`team:${key.slice(0, 1)}`, "all"] });
		const [cache, other] = [make(), make()];
		for (const key of ["a1", "a2", "b1"]) await cache.get(key);
		expect(await other.invalidateTag("team:a")).toBe(true);
		expect(await cache.get("a1")).toBe("a1#4");
		expect(await cache.get("b1")).toBe("b1#3");
		await cache.invalidateTag("all");
		expect(await cache.get("b1")).toBe("b1#5");
		expect((await cache.getMany(["a1", "a2"])).size).toBe(2);
	});

	it("a value that was being loaded when its tag was invalidated isn't kept", async () => {
		const answer = deferred<string>();
		let loads = 0;
		const { cache, clock } = setUp({
			tags: () => ["t"],
			load: async () => (++loads === 1 ? answer.promise : "new"),
		});
		const read = cache.get("a");
		await settled();
		await cache.invalidateTag("t");
		const later = cache.get("a");
		await settled();
		answer.resolve("old");
		expect(await read).toBe("old");
		await settled();
		await clock.pass(100);
		expect(await later).toBe("new");
		expect(await cache.get("a")).toBe("new");
	});
});

describe("batches", () => {
	it("load what is missing with one call, and share what others load", async () => {
		const calls: string[][] = [];
		const { cache, loads } = setUp({
			loadMany: async (keys) => {
				calls.push([...keys]);
				return new Map(keys.filter((key) => key !== "none").map((key) => [key, `${key}!`]));
			},
		});
		await cache.get("a");
		expect([...(await cache.getMany(["a", "b", "none", "c", "b"]))]).toEqual([
			["a", "a#1"],
			["b", "b!"],
			["c", "c!"],
		]);
		await Promise.all([cache.getMany(["d", "e"]), cache.getMany(["e", "d"])]);
		expect(calls).toEqual([
			["b", "none", "c"],
			["d", "e"],
		]);
		expect(loads).toEqual(["a"]);
		expect(await cache.getMany([])).toEqual(new Map());
	});

	it("load key by key without loadMany", async () => {
		const { cache } = setUp();
		expect([...(await cache.getMany(["a", "no", "b"])).keys()]).toEqual(["a", "b"]);
	});
});
