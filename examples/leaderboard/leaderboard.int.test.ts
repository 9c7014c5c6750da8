import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startEngine, type TestEngine } from "../../patterns/testing/engines.ts";
import { openRedis } from "../../patterns/testing/item-database.ts";
import { Leaderboard } from "./leaderboard.ts";

let engine: TestEngine;
let client: Redis;
beforeAll(async () => {
	engine = await startEngine("valkey", "9");
	client = openRedis(engine.port);
});
afterAll(async () => {
	client.disconnect();
	await engine.stop();
});

test("the best score of each player counts, in whatever order and however often scores arrive", async () => {
	const board = new Leaderboard(client);
	await board.submitMany(new Map(Array.from({ length: 1_000 }, (_, n) => [`player-${n}`, n])));
	for (const score of [500.5, 2_000, 700]) await board.submit("ada", score);
	await board.submit("ada", 2_000);
	expect(await board.count()).toBe(1_001);
	expect(await board.top(2)).toEqual([
		{ player: "ada", score: 2_000, rank: 1 },
		{ player: "player-999", score: 999, rank: 2 },
	]);
	const around = await board.find("player-500", 2);
	expect(around?.map(({ player }) => player)).toEqual([
		"player-502",
		"player-501",
		"player-500",
		"player-499",
		"player-498",
	]);
	expect(around?.map(({ rank }) => rank)).toEqual([499, 500, 501, 502, 503]);
	expect((await board.find("ada", 2))?.map(({ rank }) => rank)).toEqual([1, 2, 3]);
	expect(await board.find("nobody", 2)).toBeNull();
});
