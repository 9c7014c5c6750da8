import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startEngine, type TestEngine } from "../../patterns/testing/engines.ts";
import { openRedis } from "../../patterns/testing/item-database.ts";
import { takeOne } from "./limiter.ts";

let engine: TestEngine;
let client: Redis;
beforeAll(async () => {
	engine = await startEngine("redis", "7");
	client = openRedis(engine.port);
});
afterAll(async () => {
	client.disconnect();
	await engine.stop();
});

test("of many requests at once, as many as the burst are allowed, and the rest hear when to come back", async () => {
	const limit = { burst: 10, perSecond: 0.01 };
	const verdicts = await Promise.all(
		Array.from({ length: 50 }, () => takeOne(client, "ada", limit)),
	);
	const allowed = verdicts.filter((verdict) => verdict.allowed);
	expect(allowed.map(({ remaining }) => remaining)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
	const [refused] = verdicts.filter((verdict) => !verdict.allowed);
	expect(refused).toMatchObject({ allowed: false, remaining: 0 });
	expect(refused?.retryAfterMs).toBeGreaterThan(99_000);
	expect((await takeOne(client, "grace", limit)).allowed).toBe(true);
});

test("in the long run, the rate is kept, and the key expires when it says nothing any more", async () => {
	const limit = { burst: 1, perSecond: 50 };
	const startedAt = performance.now();
	let allowed = 0;
	while (performance.now() - startedAt < 500) {
		if ((await takeOne(client, "steady", limit)).allowed) allowed += 1;
	}
	const most = 1 + ((performance.now() - startedAt) / 1_000) * 50;
	expect(allowed).toBeLessThanOrEqual(most);
	expect(allowed).toBeGreaterThan(10);
	expect(await client.pttl("rate:steady")).toBeLessThanOrEqual(20);
});
