import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Cluster, Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keySlot } from "../../platform/rdb/key-slot.ts";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import { fillRichly, loadLibrary, readRichly } from "../../platform/testing/rich-data.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { freePort, TestHost } from "../testing/agent-fixture.ts";
import { CLIENT_PASSWORD, makeAssignment } from "../testing/assignments.ts";
import { type BareEngine, startBareCluster, startBareEngine } from "../testing/bare-engine.ts";
import { makeCluster, untilFormed } from "../testing/clusters.ts";
import { TestMigration } from "../testing/migrations.ts";

const PLAIN_KEYS = 1_000;
let host: TestHost;
let directory: string;
let engines: BareEngine[] = [];
const clients: (Redis | Cluster)[] = [];

beforeEach(async () => {
	directory = makeOwnedDirectory("larder-migration-");
	host = new TestHost("127.0.1.25");
	await host.plane.start();
});
afterEach(async () => {
	for (const client of clients.splice(0)) client.disconnect();
	await host.dispose();
	for (const engine of engines.splice(0)) await engine.stop();
	rmSync(directory, { recursive: true, force: true });
});

async function startCache(shards: number): Promise<Assignment[]> {
	host.startAgent();
	const nodes = await makeCluster({
		...{ host: host.address, shards, replicas: 0 },
		...{ engine: "valkey", engineVersion: "9" },
	});
	host.plane.setAssignments(nodes);
	await untilFormed(host, nodes);
	return nodes;
}

function keep<T extends Redis | Cluster>(client: T): T {
	client.on("error", () => undefined);
	clients.push(client);
	return client;
}

function connect({ port }: Assignment): Redis {
	return keep(new Redis({ host: host.address, port, password: CLIENT_PASSWORD }));
}

/** Everything that several nodes hold. */
async function contentOf(nodes: readonly Redis[]): Promise<Map<string, string>> {
	const maps = await Promise.all(nodes.map(readRichly));
	const all = new Map<string, string>();
	for (const [key, value] of maps.flatMap((map) => [...map])) {
		if (all.has(key)) throw new Error(`two nodes hold ${key}`);
		// Engines write numbers with different digits.
		all.set(
			key,
			value.replace(/\d+\.\d+/g, (digits) => String(Number(digits))),
		);
	}
	return all;
}

function differences(a: Map<string, string>, b: Map<string, string>): string[] {
	return [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key));
}

/** Repeats some work until it is stopped. Returns how often it was done. */
function repeat(work: (count: number) => Promise<unknown>) {
	let stopped = false;
	const done = (async () => {
		let count = 0;
		for (; !stopped; count += 1) await work(count);
		return count;
	})();
	done.catch(() => undefined);
	return () => {
		stopped = true;
		return done;
	};
}

async function release(sources: readonly BareEngine[]): Promise<void> {
	for (const { port } of sources) {
		// The writer's own connection waits.
		const free = keep(new Redis({ port }));
		await free.client("UNPAUSE");
	}
}

test("a cluster moves into one with other shards, though slots move meanwhile, and loses nothing", async () => {
	engines = await startBareCluster("redis", "7", directory, 3);
	const [first, second] = engines;
	if (first === undefined || second === undefined) throw new Error("no source");
	const source = keep(new Cluster([{ host: "127.0.0.1", port: first.port }]));
	await fillRichly(source, PLAIN_KEYS);
	for (const { client } of engines) await loadLibrary(client);
	const nodes = await startCache(2);
	const caches = nodes.map(connect);
	const migration = new TestMigration(host, nodes, { port: first.port });
	migration.set("check");
	const [checked] = await migration.until("checked");
	// Both shards of the cache have slots of the middle one.
	expect(checked?.checks).toHaveLength(2);
	expect(checked?.checks[0]).toMatch(/slots 0-5460\): primary, Redis 7.*1 library of functions/);
	expect(checked?.holdsWrites).toBe(true);
	const stopWriting = repeat((count) =>
		source
			.multi()
			.incr(`{${count % 50}}count`)
			.rpush(`{${count % 50}}list`, String(count))
			.exec(),
	);
	migration.set("replicate");
	await migration.until("following");
	await moveSlot(first, second, keySlot(Buffer.from("{tag}")));
	await host.plane.until("both begin again", () =>
		nodes.every(({ id }) => {
			const report = host.plane.observationOf(id)?.migration;
			return report?.phase === "checking" && report.message?.includes("slots") === true;
		}),
	);
	await migration.until("following");
	expect(await migration.complete()).toBeGreaterThan(0);
	const stopping = stopWriting();
	await caches[0]?.set(keyOfSlot(0), "taken");
	await caches[0]?.del(keyOfSlot(0));
	const moved = await contentOf(caches);
	await release(engines);
	await stopping;
	const before = await contentOf(engines.map(({ client }) => client));
	// The write that waited for the pause went on at the source.
	const differing = differences(moved, before);
	expect(differing.filter((key) => !/^\{\d+\}(count|list)$/.test(key))).toEqual([]);
	expect(differing.length).toBeLessThanOrEqual(2);
	for (const node of nodes) {
		expect(existsSync(join(host.homeDir, "instances", node.id, "migration"))).toBe(false);
	}
});

test("a source whose engines move slots on their own is copied again, before and after that", async () => {
	engines = await startBareCluster("valkey", "9", directory, 2, ["--enable-debug-command", "yes"]);
	const [first, second] = engines;
	if (first === undefined || second === undefined) throw new Error("no source");
	const source = keep(new Cluster([{ host: "127.0.0.1", port: first.port }]));
	await fillRichly(source, PLAIN_KEYS);
	const everywhere = async (...command: [string, ...(string | number)[]]) => {
		for (const { client } of engines) await client.call(...command);
	};
	await everywhere("ACL", "SETUSER", "mover", "on", ">secret", "~*", "&*", "+@all");
	const hold = (on: 0 | 1) => everywhere("DEBUG", "SLOTMIGRATION", "PREVENT-PAUSE", on);
	const move = async (slot: number) => {
		const to = String(await second.client.call("CLUSTER", "MYID"));
		await first.client.call("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", to);
	};
	host.startAgent();
	const node = makeAssignment({ port: await freePort(host.address) });
	host.plane.setAssignments([node]);
	const migration = new TestMigration(host, [node], {
		...{ port: first.port, username: "mover", password: "secret" },
	});
	const untilAgain = (reason: string) =>
		host.plane.until("it begins again", () => {
			const report = host.plane.observationOf(node.id)?.migration;
			return report?.phase === "checking" && report.message?.includes(reason) === true;
		});
	await hold(1);
	await move(0);
	migration.set("check");
	await untilAgain("moving slots");
	await hold(0);
	await migration.until("checked");
	migration.set("replicate");
	await migration.until("following");
	// What the data shows is enough.
	await everywhere("ACL", "SETUSER", "mover", "-cluster|getslotmigrations");
	await hold(1);
	await source.set(keyOfSlot(0), "moves");
	await move(1);
	await untilAgain("moving slots");
	await untilAgain("slots moved to its shard");
	await hold(0);
	await migration.until("following");
	await migration.complete();
	const before = await contentOf(engines.map(({ client }) => client));
	expect(differences(await contentOf([connect(node)]), before)).toEqual([]);
});

test("commands that change keys of several slots arrive whole at a cluster", async () => {
	const bare = await startBareEngine("redis", "7", directory);
	engines = [bare];
	const { client } = bare;
	await fillRichly(client, PLAIN_KEYS);
	await client.sadd("many", ...Array.from({ length: 50 }, (_, n) => String(n)));
	const nodes = await startCache(2);
	const migration = new TestMigration(host, nodes, { port: bare.port });
	const stopWriting = repeat(async (count) => {
		const n = count % 20;
		await client.mset(`a${n}`, String(count), `b${n}`, "x", `c${n}`, "y");
		await client.multi().incr(`a${n}`).rename(`b${n}`, `d${n}`).append(`d${n}`, "z").exec();
		await client.sadd(`set${n}`, String(count), "common");
		await client.sunionstore(`union${n}`, `set${n}`, "many");
		await client.sadd(`union${n}`, "after");
		await client.expire(`union${n}`, 3_600);
		await client.rename(`union${n}`, `moved${n}`);
		await client.lpush("queue", String(count));
		await client.lmove("queue", `done${n}`, "LEFT", "RIGHT");
		await client.del(`a${(n + 5) % 20}`, `moved${(n + 7) % 20}`, `c${n}`);
	});
	await migration.replicate();
	await migration.complete();
	const stopping = stopWriting();
	const moved = await contentOf(nodes.map(connect));
	// The writer's own connection waits.
	const reader = keep(new Redis({ port: bare.port }));
	const before = await contentOf([reader]);
	const withoutTimes = (map: Map<string, string>) =>
		new Map([...map].map(([key, text]) => [key, text.replace(/^(\["\w+","?)\d{10,}/, "$1later")]));
	expect(differences(withoutTimes(moved), withoutTimes(before))).toEqual([]);
	await release(engines);
	await stopping.catch(() => undefined);
});

test("a cluster moves into a cache without cluster mode", async () => {
	engines = await startBareCluster("valkey", "8", directory, 2);
	const [first] = engines;
	if (first === undefined) throw new Error("no source");
	const source = keep(new Cluster([{ host: "127.0.0.1", port: first.port }]));
	await fillRichly(source, PLAIN_KEYS);
	host.startAgent();
	const node = makeAssignment({ port: await freePort(host.address) });
	host.plane.setAssignments([node]);
	const migration = new TestMigration(host, [node], { port: first.port });
	await migration.replicate();
	await source.set("written later", "1");
	await migration.complete();
	const before = await contentOf(engines.map(({ client }) => client));
	expect(differences(await contentOf([connect(node)]), before)).toEqual([]);
});

/** A key of a slot below 8,192. */
function keyOfSlot(from: number): string {
	for (let n = from; ; n += 1) if (keySlot(Buffer.from(`k${n}`)) < 8_192) return `k${n}`;
}

/** As redis-cli does. */
async function moveSlot(a: BareEngine, b: BareEngine, slot: number): Promise<void> {
	const [owner, other] = slot <= 5_460 ? [a, b] : [b, a];
	const idOf = async ({ client }: BareEngine) => String(await client.call("CLUSTER", "MYID"));
	const [from, to] = [await idOf(owner), await idOf(other)];
	await other.client.call("CLUSTER", "SETSLOT", slot, "IMPORTING", from);
	await owner.client.call("CLUSTER", "SETSLOT", slot, "MIGRATING", to);
	for (;;) {
		const keys = (await owner.client.call("CLUSTER", "GETKEYSINSLOT", slot, 100)) as string[];
		if (keys.length === 0) break;
		await owner.client.call("MIGRATE", "127.0.0.1", other.port, "", 0, 5_000, "KEYS", ...keys);
	}
	await other.client.call("CLUSTER", "SETSLOT", slot, "NODE", to);
	await owner.client.call("CLUSTER", "SETSLOT", slot, "NODE", to);
}
