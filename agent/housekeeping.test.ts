import { spawn } from "node:child_process";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	rmSync,
	statSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findOpener } from "../platform/find-opener.ts";
import { Housekeeping } from "./housekeeping.ts";
import { instancePaths } from "./instances/instance-paths.ts";

let home: string;
let house: Housekeeping;
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "larder-house-"));
	house = new Housekeeping(home);
});
afterEach(() => {
	house.stop();
	rmSync(home, { recursive: true });
});

function file(path: string, ageMs = 0): string {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, "x");
	const at = (Date.now() - ageMs) / 1_000;
	utimesSync(path, at, at);
	return path;
}

test("the log of every engine is bounded", async () => {
	const logs = [instancePaths(home, "valkey-1").log, instancePaths(home, "memcached-1").log].map(
		(path) => file(path),
	);
	for (const log of logs) truncateSync(log, 12 * 1024 ** 2);
	await house.tidy();
	for (const log of logs) expect(statSync(log).size).toBe(0);
});

test("leftovers of interrupted copies are removed, but no copy in progress", async () => {
	const { data } = instancePaths(home, "valkey-1");
	const old = file(join(data, "temp-1764400000.77.rdb"), 120_000);
	const young = file(join(data, "temp-78.rdb"));
	const stalled = file(join(data, "temp-79.rdb"), 120_000);
	const kept = file(join(data, "dump.rdb"), 120_000);
	const nodes = file(join(data, "nodes.conf"), 120_000);
	const reader = spawn("tail", ["-f", stalled], { stdio: "ignore" });
	try {
		await expect.poll(() => findOpener(stalled)).not.toBeNull();
		await house.tidy();
		expect(existsSync(old)).toBe(false);
		for (const path of [young, stalled, kept, nodes]) expect(existsSync(path)).toBe(true);
	} finally {
		reader.kill("SIGKILL");
	}
});

test("a starting agent removes what the last agent's unfinished writes left", async () => {
	const { directory, record } = instancePaths(home, "valkey-1");
	const left = [
		join(home, "desired.json.0123456789ab.tmp"),
		join(home, "launched", "valkey-1.json.0123456789ab.tmp"),
		join(directory, "state.json.0123456789ab.tmp"),
	].map((path) => file(path));
	file(record);
	await house.start();
	for (const path of left) expect(existsSync(path)).toBe(false);
	expect(existsSync(record)).toBe(true);
});
