import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import {
	fillRichly,
	librariesOf,
	loadLibrary,
	readRichly,
} from "../../platform/testing/rich-data.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { MigrationOrder } from "../../server/contract/migration.ts";
import { freePort, killChild, TestHost } from "../testing/agent-fixture.ts";
import { CLIENT_PASSWORD, makeAssignment } from "../testing/assignments.ts";
import { type BareEngine, startBareEngine } from "../testing/bare-engine.ts";
import { TestMigration } from "../testing/migrations.ts";

const PLAIN_KEYS = 2_000;
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const PASSWORD = "of-the-source";
let host: TestHost;
let source: BareEngine;
let directory: string;
let client: Redis | null = null;

beforeEach(async () => {
	directory = makeOwnedDirectory("larder-migration-");
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

function migrationInto(node: Assignment, source_: Partial<MigrationOrder> = {}) {
	const order = { port: source.port, password: PASSWORD, ...source_ };
	return new TestMigration(host, [node], order);
}

function untilRunning(node: Assignment) {
	return host.untilRunning(node);
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

	const migration = migrationInto(node);
	const stopWriting = writeOn(source.client);
	migration.set("check");
	await migration.until("checked");
	// Nothing has been changed so far.
	expect(await cache.exists("of the cache")).toBe(1);
	await cache.set("written meanwhile", "1");
	migration.set("replicate");
	await migration.until("following");
	expect(await cache.exists("of the cache")).toBe(0);
	await expect(cache.set("refused", "1")).rejects.toThrow("NOPERM");
	// Another agent begins again.
	await killChild(agent);
	host.plane.observations = null;
	host.startAgent();
	await migration.until("following");
	await host.plane.until("lag is shown", () => {
		const report = host.plane.observationOf(node.id)?.migration;
		return report?.lagBytes !== null && report?.lagSeconds !== null;
	});

	migration.set("cut-over");
	await migration.until("caught-up");
	await expect(cache.set("refused", "1")).rejects.toThrow("NOPERM");
	migration.set("lead");
	const [led] = await migration.until("leading");
	expect(led?.pausedMs).toBeGreaterThan(0);
	await cache.set("taken", "1");
	const wrote = Number(await cache.get("counter"));
	expect(await cache.llen("list")).toBe(wrote);
	await migration.untilRunning(migration.set(null));
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
	expect(JSON.stringify(await login.command(["FUNCTION", "LIST", "WITHCODE"], 20_000))).toBe(
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
	const migration = migrationInto(node);
	migration.set("check");
	const [failed] = await migration.until("failed");
	expect(failed?.message).toContain("refuses the login");
	expect(await cache.get("of the cache")).toBe("1");
	await migration.untilRunning(migration.set(null));

	await source.client.config("SET", "requirepass", PASSWORD);
	await source.client.set("of the source", "1");
	await migration.replicate();
	expect(await cache.get("of the source")).toBe("1");
	migration.set("cancel");
	await migration.until("emptied");
	await migration.untilRunning(migration.set(null));
	expect(await cache.dbsize()).toBe(0);
	await cache.set("taken", "1");
});

test("an agent that starts while the cache may take the lead changes nothing before that is decided", async () => {
	await source.client.config("SET", "requirepass", PASSWORD);
	await source.client.set("of the source", "1");
	const node = makeAssignment({ port: await freePort(host.address) });
	const agent = host.spawnAgent();
	host.plane.setAssignments([node]);
	await untilRunning(node);
	const migration = migrationInto(node);
	await migration.replicate();
	migration.set("cut-over");
	await migration.until("caught-up");
	await killChild(agent);
	host.plane.observations = null;
	host.startAgent();
	const [restarted] = await migration.until("checking");
	expect(restarted?.message).toContain("ended before the cache could take the lead");
	// The control plane had decided by what the former agent said.
	migration.set("lead");
	await migration.until("leading");
	expect(await connect(node).get("of the source")).toBe("1");
});

test("without CLIENT PAUSE, the cache leads once the writers have stopped", async () => {
	await source.client.call(
		...["ACL", "SETUSER", "mover", "on", `>${PASSWORD}`, "~*", "&*", "+@all", "-client|pause"],
	);
	const node = makeAssignment({ port: await freePort(host.address) });
	host.startAgent();
	host.plane.setAssignments([node]);
	const stopWriting = writeOn(source.client);
	const migration = migrationInto(node, { username: "mover" });
	migration.set("check");
	const [checked] = await migration.until("checked");
	expect(checked?.holdsWrites).toBe(false);
	expect(checked?.checks[0]).toContain("stop its writers");
	migration.set("replicate");
	await migration.until("following");
	migration.set("cut-over");
	await host.plane.until("it waits for the writers", () => {
		const message = host.plane.observationOf(node.id)?.migration?.message;
		return message?.includes("Stop its writers") === true;
	});
	migration.set("replicate");
	await migration.until("following");
	const wrote = await stopWriting();
	await migration.complete();
	expect(Number(await connect(node).get("counter"))).toBe(wrote);
});

test.skipIf(!hasOpenssl)(
	"a source that speaks TLS is verified, unless it is said that any certificate will do",
	async () => {
		await source.stop();
		const files = ["ca", "key"].map((name) => join(directory, `${name}.pem`));
		const [certificate = "", key = ""] = files;
		execFileSync(
			"openssl",
			[
				...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=source"],
				...["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
			],
			{ stdio: "ignore" },
		);
		const tlsPort = await freePort();
		source = await startBareEngine("redis", "7", directory, [
			...["--tls-port", String(tlsPort), "--tls-cert-file", certificate, "--tls-key-file", key],
			...["--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"],
		]);
		await source.client.set("of the source", "1");
		const node = makeAssignment({ port: await freePort(host.address) });
		host.startAgent();
		host.plane.setAssignments([node]);
		const tls = { port: tlsPort, password: null, tls: true };
		const refused = migrationInto(node, { ...tls, id: "unknown authority" });
		refused.set("check");
		expect((await refused.until("failed"))[0]?.message).toContain("isn't trusted");
		const any = migrationInto(node, { ...tls, id: "any", tlsVerify: false });
		any.set("check");
		await any.until("checked");
		const tlsCa = readFileSync(certificate, "utf8");
		const migration = migrationInto(node, { ...tls, id: "verified", tlsCa });
		await migration.replicate();
		await source.client.set("written later", "1");
		await migration.complete();
		expect(await connect(node).mget("of the source", "written later")).toEqual(["1", "1"]);
	},
);
