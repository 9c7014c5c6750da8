import { describe, expect, it } from "vitest";
import type { CacheEvent } from "./events.ts";
import { memoryStore } from "./memory-store.ts";
import { cacheAside, writeBehind, writeThrough } from "./strategies.ts";
import { deferred, fakeClock } from "./testing/fake-clock.ts";

function setUp() {
	const clock = fakeClock();
	const shared = memoryStore({ now: clock.now });
	let mode: "up" | "refuses" | "hangs" = "up";
	let calls = 0;
	const store = memoryStore({ now: clock.now });
	const through = <T>(act: () => Promise<T>): Promise<T> => {
		calls += 1;
		if (mode === "refuses") return Promise.reject(new Error("connection refused"));
		return mode === "hangs" ? new Promise(() => undefined) : act();
	};
	const away = {
		get: (key: string) => through(() => shared.get(key)),
		getMany: (keys: readonly string[]) => through(() => shared.getMany(keys)),
		swap: (...args: Parameters<typeof store.swap>) => through(() => shared.swap(...args)),
	};
	const events: CacheEvent[] = [];
	const rows = new Map<string, string>([["a", "1"]]);
	const options = {
		...{ store: away, clock, prefix: "p:", ttlMs: 60_000, ttlJitter: 0 },
		breaker: { operationTimeoutMs: 20, failures: 3, openMs: 1_000 },
		load: async (key: string) => rows.get(key),
		onEvent: (event: CacheEvent) => events.push(event),
	};
	return {
		...{ clock, shared, rows, events, options },
		set: (next: typeof mode) => {
			mode = next;
		},
		calls: () => calls,
	};
}

describe("while the cache is away", () => {
	it.each(["refuses", "hangs"] as const)("(it %s) reads come from the database", async (mode) => {
		const { set, options, calls, clock, events } = setUp();
		const cache = cacheAside(options);
		set(mode);
		for (let read = 0; read < 10; read += 1) expect(await cache.get("a")).toBe("1");
		// Taken for unavailable after the third, and not asked any more.
		expect(calls()).toBe(3);
		expect(cache.stats()).toMatchObject({ fallback: 10, hit: 0 });
		set("up");
		await clock.pass(1_300);
		await cache.get("a");
		await cache.get("a");
		expect(cache.stats()).toMatchObject({ miss: 1, hit: 1 });
		expect(events.flatMap((event) => (event.type === "breaker" ? [event.state] : []))).toEqual([
			"open",
			"half-open",
			"closed",
		]);
	});

	it("one operation tries it, and a failure keeps it closed off", async () => {
		const { set, options, calls, clock } = setUp();
		const cache = cacheAside(options);
		set("refuses");
		for (let read = 0; read < 3; read += 1) await cache.get("a");
		await clock.pass(1_300);
		await Promise.all([cache.get("a"), cache.get("a"), cache.get("a")]);
		expect(calls()).toBe(4);
	});

	it("at most one load of a key runs at a time", async () => {
		const { set, options } = setUp();
		let running = 0;
		let most = 0;
		let loads = 0;
		const answer = deferred();
		const cache = cacheAside<string>({
			...options,
			load: async () => {
				most = Math.max(most, ++running);
				loads += 1;
				await answer.promise;
				running -= 1;
				return "value";
			},
		});
		set("refuses");
		const reads = Array.from({ length: 100 }, () => cache.get("a"));
		await new Promise(setImmediate);
		answer.resolve();
		expect(new Set(await Promise.all(reads))).toEqual(new Set(["value"]));
		expect(most).toBe(1);
		expect(loads).toBeLessThanOrEqual(3);
	});

	it("an invalidation waits, and this process doesn't read the old value meanwhile", async () => {
		const { set, options, rows, clock, shared } = setUp();
		const cache = cacheAside(options);
		await cache.get("a");
		set("refuses");
		rows.set("a", "2");
		expect(await cache.invalidate("a")).toBe(false);
		set("up");
		expect(await cache.get("a")).toBe("2");
		expect(await shared.get("p:a")).not.toBeNull();
		await clock.pass(300);
		expect(cache.stats().waitingInvalidations).toBe(0);
		expect(await shared.get("p:a")).toBeNull();
	});

	it("a batch comes from the database with one call", async () => {
		const { set, options } = setUp();
		const calls: (readonly string[])[] = [];
		const cache = cacheAside<string>({
			...options,
			loadMany: async (keys) => {
				calls.push(keys);
				return new Map([["a", "1"]]);
			},
		});
		set("refuses");
		expect(await cache.getMany(["a", "b"])).toEqual(new Map([["a", "1"]]));
		expect(calls).toEqual([["a", "b"]]);
	});

	it("a write-through goes on and invalidates later, or refuses if it should", async () => {
		const { set, options, rows, clock } = setUp();
		const write = async (key: string, value: string) => void rows.set(key, value);
		const cache = writeThrough({ ...options, write });
		await cache.put("a", "2");
		set("refuses");
		await cache.put("a", "3");
		expect(rows.get("a")).toBe("3");
		expect(await cache.get("a")).toBe("3");
		const strict = writeThrough({ ...options, write, whenUnavailable: "refuse" });
		await expect(strict.put("a", "4")).rejects.toMatchObject({ name: "CacheUnavailableError" });
		expect(rows.get("a")).toBe("3");
		set("up");
		await clock.pass(1_300);
		await clock.pass(300);
		expect(await cacheAside(options).get("a")).toBe("3");
	});
});

describe("write-through", () => {
	it("what the database returns is the value; a removed key is gone", async () => {
		const { options, rows } = setUp();
		const cache = writeThrough<string>({
			...options,
			write: async (key, value) => {
				rows.set(key, `${value} by the database`);
				return rows.get(key);
			},
			remove: async (key) => rows.delete(key),
		});
		expect(await cache.put("a", "new")).toBe("new by the database");
		expect(await cache.get("a")).toBe("new by the database");
		expect(cache.stats().hit).toBe(1);
		await cache.remove("a");
		expect(await cache.get("a")).toBeUndefined();
	});

	it("a write that throws leaves no value in the cache, and no mark if the database refused it for sure", async () => {
		const { options, shared } = setUp();
		const failing = {
			...options,
			write: async () => {
				throw new Error("constraint");
			},
		};
		const cache = writeThrough<string>(failing);
		await cache.get("a");
		await expect(cache.put("a", "bad")).rejects.toThrow("constraint");
		expect(await cache.get("a")).toBe("1");
		expect(cache.stats().bypass).toBe(1);
		const sure = writeThrough<string>({
			...{ ...failing, prefix: "sure:" },
			isRefused: (error) => String(error).includes("constraint"),
		});
		await sure.get("a");
		await expect(sure.put("a", "bad")).rejects.toThrow("constraint");
		expect(await shared.get("sure:a")).toBeNull();
		await expect(cache.remove("a")).rejects.toThrow("made without it");
	});

	it("a writer that died keeps the key out of the cache for its lease, and no longer", async () => {
		const { options, rows, clock } = setUp();
		const hanging = writeThrough<string>({
			...{ ...options, writeLeaseMs: 5_000 },
			write: (key, value) => {
				rows.set(key, value);
				return new Promise<void>(() => undefined);
			},
		});
		const cache = writeThrough({
			...{ ...options, writeLeaseMs: 5_000 },
			write: async (key, value) => void rows.set(key, value),
		});
		await cache.get("a");
		void hanging.put("a", "2");
		await new Promise(setImmediate);
		expect(await cache.get("a")).toBe("2");
		expect(cache.stats().bypass).toBe(1);
		await cache.put("a", "3");
		expect(await cache.get("a")).toBe("3");
		expect(cache.stats()).toMatchObject({ bypass: 2, hit: 0 });
		await clock.pass(5_001);
		await cache.put("a", "4");
		expect(await cache.get("a")).toBe("4");
		expect(cache.stats().hit).toBe(1);
	});
});

describe("write-behind", () => {
	function setUpBehind() {
		const parts = setUp();
		const batches: Map<string, string | null>[] = [];
		let isDown = false;
		const cache = writeBehind<string>({
			...parts.options,
			...{ flushMs: 60_000, batchSize: 2, maxPending: 3 },
			async writeMany(values) {
				if (isDown) throw new Error("down");
				batches.push(new Map(values));
				for (const [key, value] of values) {
					if (value === null) parts.rows.delete(key);
					else parts.rows.set(key, value);
				}
			},
		});
		return {
			...{ ...parts, cache, batches },
			setDown: (down: boolean) => {
				isDown = down;
			},
		};
	}

	it("readers have the value at once, the database the last one of each key", async () => {
		const { cache, options, batches, rows } = setUpBehind();
		for (const value of ["x", "y", "z"]) await cache.put("a", value);
		await cache.put("b", "1");
		await cache.remove("c");
		expect(rows.get("a")).toBe("1");
		expect(await cache.get("a")).toBe("z");
		expect(await cacheAside(options).get("a")).toBe("z");
		expect(await cache.getMany(["a", "b", "c"])).toEqual(
			new Map([
				["a", "z"],
				["b", "1"],
			]),
		);
		expect(cache.pending()).toBe(3);
		await cache.flush();
		expect(batches.map((batch) => [...batch])).toEqual([
			[
				["a", "z"],
				["b", "1"],
			],
			[["c", null]],
		]);
		expect(cache.pending()).toBe(0);
	});

	it("keeps what the database refuses, and holds back writers when too much waits", async () => {
		const { cache, rows, setDown } = setUpBehind();
		setDown(true);
		for (const key of ["a", "b", "c"]) await cache.put(key, "new");
		await expect(cache.flush()).rejects.toThrow("down");
		expect(cache.pending()).toBe(3);
		let isDone = false;
		const held = cache.put("d", "new").then(() => {
			isDone = true;
		});
		await new Promise(setImmediate);
		expect(isDone).toBe(false);
		setDown(false);
		await cache.flush();
		await held;
		await cache.flush();
		expect([...rows.keys()].sort()).toEqual(["a", "b", "c", "d"]);
	});

	it("with the cache away, a write ends when the database has it", async () => {
		const { cache, rows, set } = setUpBehind();
		set("refuses");
		await cache.put("a", "2");
		expect(rows.get("a")).toBe("2");
	});
});
