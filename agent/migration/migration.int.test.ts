import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
	fillRichly,
	librariesOf,
	loadLibrary,
	readRichly,
} from "../../platform/testing/rich-data.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { MigrationOrder, MigrationReport } from "../../server/contract/migration.ts";
import { freePort, killChild, TestHost } from "../testing/agent-fixture.ts";
import { CLIENT_PASSWORD, makeAssignment } from "../testing/assignments.ts";
import { type BareEngine, startBareEngine } from "../testing/bare-engine.ts";

const PLAIN_KEYS = 2_000;
const PASSWORD = "of-the-source";
let host: TestHost;
let source: BareEngine;
let directory: string;
let client: Redis | null = null;

beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), "larder-migration-"));
	source = await startBareEngine("redis", "7", directory);
	host = new TestHost("127.0.1.24");
	await host.plane.start();
});
afterEach(async () => {
	client?.disconnect();
	await host.dispose();
	await source.stop();
	rmSync(directory, { recursive: true, force: true });
});

/** The cache's primary as a control plane would assign it in each phase. */
function phases(node: Assignment) {
	let { generation } = node;
	return (phase: MigrationOrder["phase"] | null): Assignment => {
		generation += 1;
		const migration: MigrationOrder = {
			...{ id: "move", host: "127.0.0.1", port: source.port, tls: false },
			...{ username: null, password: PASSWORD, phase: phase ?? "replicate" },
		};
		const next = { ...node, generation, ...(phase !== null && { migration }) };
		host.plane.setAssignments([next]);
		return next;
	};
}

function untilReport(node: Assignment, phase: MigrationReport["phase"]) {
	return host.plane.until(`it reports ${phase}`, () => {
		const report = host.plane.observationOf(node.id)?.migration;
		return report?.phase === phase && report;
	});
}

function untilRunning({ id, generation }: Assignment) {
	return host.plane.until("it runs as wanted", () => {
		const seen = host.plane.observationOf(id);
		return seen?.phase === "running" && seen.generation === generation;
	});
}

function connect({ port }: Assignment): Redis {
	client?.disconnect();
	client = new Redis({
		...{ host: host.address, port, password: CLIENT_PASSWORD },
		...{ maxRetriesPerRequest: null, retryStrategy: () => 20 },
	});
	client.on("error", () => undefined);
	return client;
}

/** Writes numbers one after the other until it is stopped. Returns how many were acknowledged. */
function writeOn(to: Redis) {
	let stopped = false;
	let count = 0;
	const done = (async () => {
		while (!stopped) {
			await to.multi().incr("counter").rpush("list", String(count)).exec();
			count += 1;
		}
		return count;
	})();
	return () => {
		stopped = true;
		return done;
	};
}

/** Engines write numbers with different digits. */
const withNumbers = (text: string | undefined) =>
	text?.replace(/\d+\.\d+/g, (digits) => String(Number(digits)));

async function differingKeys(a: Redis, b: Redis): Promise<string[]> {
	const [left, right] = [await readRichly(a), await readRichly(b)];
	return [...new Set([...left.keys(), ...right.keys()])].filter(
		(key) => withNumbers(left.get(key)) !== withNumbers(right.get(key)),
	);
}

test("a cache takes the place of an engine that is written to, and loses nothing, though agents die", async () => {
	await fillRichly(source.client, PLAIN_KEYS);
	await loadLibrary(source.client);
	await source.client.config("SET", "requirepass", PASSWORD);
	const node = makeAssignment({
		port: await freePort(host.address),
		maxmemoryBytes: 256 * 1024 ** 2,
	});
	const agent = host.spawnAgent();
	host.plane.setAssignments([node]);
	await untilRunning(node);
	const cache = connect(node);
	await cache.set("of the cache", "1");

	const setPhase = phases(node);
	const stopWriting = writeOn(source.client);
	setPhase("replicate");
	await untilReport(node, "following");
	expect(await cache.exists("of the cache")).toBe(0);
	await expect(cache.set("refused", "1")).rejects.toThrow("NOPERM");
	// Another agent begins again.
	await killChild(agent);
	host.plane.observations = null;
	host.startAgent();
	await untilReport(node, "following");
	await host.plane.until("lag is shown", () => {
		const report = host.plane.observationOf(node.id)?.migration;
		return report?.lagBytes !== null && report?.lagSeconds !== null;
	});

	setPhase("cut-over");
	await untilReport(node, "caught-up");
	await expect(cache.set("refused", "1")).rejects.toThrow("NOPERM");
	setPhase("lead");
	const { pausedMs } = await untilReport(node, "leading");
	expect(pausedMs).toBeGreaterThan(0);
	await cache.set("taken", "1");
	const wrote = Number(await cache.get("counter"));
	expect(await cache.llen("list")).toBe(wrote);
	await untilRunning(setPhase(null));
	await cache.del("taken");
	// Before the source takes writes again: then only the one that waits goes on.
	const stopping = stopWriting();
	// The writer's own connection waits.
	const free = new Redis({ port: source.port, password: PASSWORD });
	await free.client("UNPAUSE");
	free.disconnect();
	const acknowledged = await stopping;
	// What was acknowledged before the pause; the write that waited went on afterward.
	expect(wrote).toBeGreaterThanOrEqual(acknowledged - 1);
	await source.client.del("counter", "list");
	await cache.del("counter", "list");
	expect(await differingKeys(cache, source.client)).toEqual([]);
	const login = await host.connect(node.port, "larder");
	expect(JSON.stringify(await login.command(["FUNCTION", "LIST", "WITHCODE"], 1_000))).toBe(
		await librariesOf(source.client),
	);
	login.close();
	expect(existsSync(join(host.homeDir, "instances", node.id, "migration"))).toBe(false);
});

test("a migration that isn't possible says why and deletes nothing; a canceled one leaves an empty cache", async () => {
	// This engine comes with a module.
	await source.stop();
	source = await startBareEngine("valkey", "9", directory);
	await source.client.config("SET", "requirepass", "another");
	const node = makeAssignment({ port: await freePort(host.address) });
	host.startAgent();
	host.plane.setAssignments([node]);
	await untilRunning(node);
	const cache = connect(node);
	await cache.set("of the cache", "1");
	const setPhase = phases(node);
	setPhase("replicate");
	expect((await untilReport(node, "failed")).message).toContain("refuses the login");
	expect(await cache.get("of the cache")).toBe("1");
	await untilRunning(setPhase(null));

	await source.client.config("SET", "requirepass", PASSWORD);
	await source.client.set("of the source", "1");
	setPhase("replicate");
	await untilReport(node, "following");
	expect(await cache.get("of the source")).toBe("1");
	setPhase("cancel");
	await untilReport(node, "emptied");
	await untilRunning(setPhase(null));
	expect(await cache.dbsize()).toBe(0);
	await cache.set("taken", "1");
});
