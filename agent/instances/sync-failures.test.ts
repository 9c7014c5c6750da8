import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LogFollower } from "./log-follower.ts";
import { isKillNews, killedInARow, syncDelaySeconds } from "./sync-failures.ts";

const killed = (what: string) => `7:M 29 Nov 2026 12:00:00.000 # Background ${what} by signal 9\n`;
const done = "7:M 29 Nov 2026 12:00:01.000 * Background RDB transfer terminated with success\n";

test("killed processes that sent data are counted until one succeeds", () => {
	// Valkey's words, Redis' words, and those of a sync through the disk.
	const kills = ["RDB transfer terminated", "transfer terminated", "saving terminated"].map(killed);
	expect(killedInARow(0, kills.join(""))).toBe(3);
	expect(killedInARow(2, kills.join(""))).toBe(5);
	expect(killedInARow(5, `${killed("RDB transfer terminated")}${done}`)).toBe(0);
	expect(killedInARow(5, `${done}${killed("RDB transfer terminated")}`)).toBe(1);
	// It also ends when a replica goes away, but by another signal.
	expect(killedInARow(1, "# Background RDB transfer terminated by signal 10\n")).toBe(1);
	expect(killedInARow(1, "* Synchronization with replica 10.0.0.2:17000 succeeded\n")).toBe(1);
});

test("after three failures in a row, tries come further apart, up to a minute", () => {
	expect([0, 1, 2, 3, 4, 5, 6, 7, 1_000].map(syncDelaySeconds)).toEqual([
		...[0, 0, 0, 10, 20, 40, 60, 60, 60],
	]);
});

test("an endless loop causes few events", () => {
	const news: number[] = [];
	for (let count = 0; count < 100; count++) if (isKillNews(count, count + 1)) news.push(count + 1);
	expect(news).toEqual([3, 6, 12, 24, 48, 96]);
	expect(isKillNews(2, 4)).toBe(true);
	expect(isKillNews(4, 4)).toBe(false);
	expect(isKillNews(5, 0)).toBe(false);
});

test("a log is read line by line from where it ended, and from its start once it was emptied", async () => {
	const directory = mkdtempSync(join(tmpdir(), "larder-log-test-"));
	try {
		const path = join(directory, "engine.log");
		const log = new LogFollower(path);
		expect(await log.readNew()).toBe("");
		writeFileSync(path, "before\n");
		expect(await log.readNew()).toBe("before\n");
		appendFileSync(path, "one\ntw");
		expect(await log.readNew()).toBe("one\n");
		appendFileSync(path, "o\n");
		expect(await log.readNew()).toBe("two\n");
		expect(await log.readNew()).toBe("");
		truncateSync(path, 0);
		appendFileSync(path, "new\n");
		expect(await log.readNew()).toBe("new\n");
	} finally {
		rmSync(directory, { recursive: true });
	}
});
