import { createHash } from "node:crypto";
import {
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	truncateSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LarderHome, openHome } from "../../platform/home.ts";
import { acquireLock } from "../../platform/process-lock.ts";
import { connectServer, type Database, Prisma } from "../data/database.ts";
import { type EmbeddedDatabase, openEmbeddedDatabase } from "../data/embedded-database.ts";
import { applyMigrations, migrationNames } from "../data/migrate.ts";
import { migrationsDirOf } from "../data/open-database.ts";
import { findProjectRoot } from "../platform/project-root.ts";
import { loadSecretKey } from "../platform/secrets.ts";
import { placeTestDatabase } from "../testing/test-resources.ts";
import { readBackupFile, writeBackupFile } from "./backup-file.ts";
import { createBackup } from "./create-backup.ts";
import { restoreBackup } from "./restore-backup.ts";

const MIGRATIONS = migrationsDirOf(findProjectRoot());
const NOW = new Date("2026-06-01T12:00:00Z");
const fail = (error: unknown) => {
	throw error;
};

const keyIn = (file: string) => loadSecretKey(file, { isNew: true, sealed: null });

let root: string;
/** A home whose database also serves as the one that a DATABASE_URL names. */
let home: LarderHome;
let url: string;
let db: Database;
/** The database as it was filled. */
let pristine: string;
let server: EmbeddedDatabase;

beforeAll(async () => {
	root = mkdtempSync(join(tmpdir(), "larder-backup-"));
	home = emptyHome("home");
	keyIn(home.secretKeyFile);
	await placeTestDatabase(home.databaseDir);
	server = await openEmbeddedDatabase(home.databaseDir, home.runDir, fail);
	url = server.url;
	db = connectServer(url);
	await fill(db);
	pristine = await create({ withMetrics: true });
});
afterAll(async () => {
	await db?.$disconnect();
	await server?.stop();
	rmSync(root, { recursive: true });
});

const OBSERVED = {
	...{ assignmentId: "n", generation: 4, reason: null, startedAt: null, silentSince: null },
	...{ launchPermit: 1, restarts: 0, port: 17_000, reboot: 0, pendingParameters: [], pid: 5 },
	clientLimit: null,
	hasSynced: true,
};
const running = (role: string) => ({ ...OBSERVED, phase: "running", engineState: { role } });

/**
 * Rows with values that are hard to serialize, and a cache with one node that has just died and a replica that
 * claims to be primary.
 */
async function fill(db: Database): Promise<void> {
	const host = { zone: "a", bindAddress: "127.0.0.1", advertisedAddress: "h", agentVersion: "1" };
	await db.controlPlane.create({
		data: { id: 1, epoch: 7, routeRevision: 9, startedAt: new Date(0) },
	});
	await db.host.create({
		data: {
			...{ ...host, id: "h", agentId: "h", name: "h", credentialHash: "h", cpus: 2, engines: [] },
			...{ memoryBytes: 2n ** 62n, online: true, revision: 33, lastSeenAt: new Date(5) },
		},
	});
	await db.cache.create({
		data: {
			...{
				id: "c",
				name: "c",
				kind: "node-based",
				engine: "valkey",
				engineVersion: "9",
				description: "",
			},
			...{ nodeType: "t", nodeMemoryBytes: 1n, nodeVcpus: 1, nodeCpuMillis: 1, shardCount: 1 },
			...{ clusterMode: "disabled", replicasPerShard: 1, multiAz: true, automaticFailover: true },
			...{ authMode: "password", systemPassword: "sealed", portRequested: false, tags: [] },
			...{ parameterGroup: "default.valkey9", status: "available", progress: [] },
			promotionRequestedAt: new Date(1),
			shards: {
				create: { id: "s", index: 0, primaryNodeId: "n1", failoverRequestedAt: new Date(1) },
			},
		},
	});
	const node = {
		...{ cacheId: "c", shardId: "s", hostId: "h", memoryBytes: 1n, maxmemoryBytes: 1n, vcpus: 1 },
		...{ engine: "valkey", engineVersion: "9", parameterGroup: "default.valkey9", nodeType: "t" },
		...{ cpuMillis: 1, onExit: "report", generation: 4, rebootPending: true },
	};
	const observations = [
		running("primary"),
		running("replica"),
		{ ...running("primary") },
		{ ...OBSERVED, phase: "exited", engineState: null, reason: { code: "exited", message: "x" } },
	];
	for (const [index, observation] of observations.entries()) {
		const name = `n${index + 1}`;
		const followsNodeId = index === 0 || index === 3 ? null : "n1";
		await db.node.create({
			data: { ...node, id: name, name, port: 17_000 + index, followsNodeId, observation },
		});
	}
	await db.user.create({ data: { id: "u", name: "Ada", email: "ada@example.com" } });
	await db.session.create({
		data: { id: "x", userId: "u", token: "of a session", expiresAt: new Date(9e12) },
	});
	await db.metricSample.create({
		data: {
			...{ nodeId: "n1", resolutionSeconds: 5, at: new Date(1_234), memoryUsedBytes: 0.1 + 0.2 },
			...{ memoryMaxBytes: 1e300, clients: -0, opsPerSecond: Number.MIN_VALUE, hitsPerSecond: 1 },
			...{ missesPerSecond: 1, keys: 1, evictionsPerSecond: 1, cpuPercent: 1 },
		},
	});
	const anything = fc.record({
		details: fc.oneof(fc.constant(Prisma.JsonNull), fc.constant(Prisma.DbNull), jsonValue()),
		target: text(),
	});
	await db.auditEntry.createMany({
		data: fc.sample(anything, 1_200).map(({ details, target }, index) => ({
			id: String(index).padStart(4, "0"),
			...{ at: new Date(index * 1_001), actor: "a", action: "b", requestId: "c", target, details },
		})),
	});
}

/** PostgreSQL's text and JSON can hold any character except this one. */
function text() {
	return fc.string({ unit: "grapheme" }).map((value) => value.replaceAll("\0", ""));
}

/** Prisma's own copying trips over names that every object inherits. */
const INHERITED = /"(__proto__|constructor)":/;

function jsonValue() {
	return fc
		.json()
		.filter((text) => !INHERITED.test(text))
		.map((value) => JSON.parse(value.replaceAll("\\u0000", "")))
		.filter((value) => value !== null)
		.map((value) => JSON.parse(JSON.stringify(value)));
}

let files = 0;
async function create(options: Partial<Parameters<typeof createBackup>[0]> = {}): Promise<string> {
	files += 1;
	const file = join(root, `${files}.backup`);
	await createBackup({
		...{ home, databaseUrl: url, file, passphrase: null, withMetrics: false },
		...{ version: "1.2.3", now: NOW, ...options },
	});
	return file;
}
function restore(options: Partial<Parameters<typeof restoreBackup>[0]> = {}) {
	return restoreBackup({
		...{ home, databaseUrl: url, file: pristine, passphrase: null, replace: true },
		...{ migrationsDir: MIGRATIONS, now: NOW, ...options },
	});
}

/** The lines of a backup except its first and last. */
async function linesOf(path: string): Promise<string[]> {
	return await readBackupFile(path, null, async ({ dump }) => {
		const lines = [];
		for await (const line of dump) lines.push(line);
		return lines.slice(1, -1);
	});
}

function emptyHome(name: string): LarderHome {
	return openHome({ ...process.env, LARDER_HOME: join(root, name) });
}

describe("a backup", () => {
	it("has no sign-ins, and no metrics unless they are asked for", async () => {
		const lines = await linesOf(await create());
		expect(lines.some((line) => /"name":"(session|MetricSample)"/.test(line))).toBe(false);
		expect(lines.some((line) => line.includes("of a session"))).toBe(false);
	});

	it("is refused for a name that is taken, a home without a key, and one that is in use", async () => {
		await expect(create({ file: pristine })).rejects.toThrow("exists");
		await expect(create({ home: emptyHome("without") })).rejects.toThrow("to back up");
		const lock = acquireLock(home.controlPlaneLock, "a backup is being restored");
		await expect(create()).rejects.toThrow("a backup is being restored");
		lock.release();
		expect(existsSync(join(root, `${files}.backup`))).toBe(false);
	});

	it("restores every value as it was", async () => {
		const { header, rows, movedAside } = await restore();
		expect(header).toMatchObject({ version: "1.2.3", createdAt: NOW.toISOString() });
		expect(rows).toMatchObject({ AuditEntry: 1_200, Node: 4, MetricSample: 1, user: 1 });
		expect(movedAside).toEqual(["schema larder_before_20260601120000"]);
		const before = await linesOf(pristine);
		const after = await linesOf(await create({ withMetrics: true }));
		// Two lines about the restore are new; what it must set is changed in place.
		const changed = before.filter((line) => !after.includes(line));
		expect(changed.every((line) => /^\["(c|s|n\d|h|1)"/.test(line))).toBe(true);
		expect(after.length).toBe(before.length + 2);
	});
});

describe("restoring", () => {
	it("makes a database that a control plane can start with now", async () => {
		await restore({ now: later(1) });
		const { epoch, routeRevision } = await db.controlPlane.findUniqueOrThrow({ where: { id: 1 } });
		const host = await db.host.findUniqueOrThrow({ where: { id: "h" } });
		const nodes = await db.node.findMany({ orderBy: { id: "asc" } });
		const cache = await db.cache.findUniqueOrThrow({ where: { id: "c" } });
		const shard = await db.shard.findUniqueOrThrow({ where: { id: "s" } });
		// Higher than all earlier epochs, which have risen by one at a time since the last restore.
		expect(epoch).toBeGreaterThan(200_000_000);
		expect(routeRevision).toBeGreaterThan(200_000_000);
		expect(host).toMatchObject({ online: false, revision: 0, lastSeenAt: later(1) });
		expect(cache.promotionRequestedAt).toBeNull();
		expect(shard.failoverRequestedAt).toBeNull();
		expect(nodes.map((node) => node.rebootPending)).toEqual([false, false, false, false]);
		expect(nodes.every((node) => node.generation > 200_000_000)).toBe(true);
		expect(nodes.every((node) => node.unlocated)).toBe(true);
		// A node that serves as it should is known to hold data; a report that a node has died, or is primary although
		// it should be a replica, isn't believed.
		expect(nodes.map((node) => node.observation)).toEqual([
			running("primary"),
			running("replica"),
			{ ...running("primary"), phase: "starting", engineState: null },
			{ ...OBSERVED, phase: "starting", engineState: null },
		]);
		expect(await db.event.findFirst({ where: { type: "control-plane.restored" } })).toMatchObject({
			message: expect.stringContaining(NOW.toISOString()),
		});
		expect(await db.auditEntry.count({ where: { action: "control-plane.restore" } })).toBe(1);
	});

	it("gives a higher epoch after each restore, whatever the backup's", async () => {
		const epochs = [];
		for (const seconds of [2, 3, 4]) {
			await restore({ now: later(seconds) });
			epochs.push((await db.controlPlane.findFirstOrThrow()).epoch);
		}
		expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
	});

	it("changes nothing when the backup can't be used", async () => {
		const before = await linesOf(await create());
		const sealed = await create({ passphrase: "correct horse battery" });
		const wrong = restore({ file: sealed, passphrase: "wrong horse battery", now: later(5) });
		await expect(wrong).rejects.toThrow("passphrase");
		truncateSync(sealed, statSync(sealed).size - 1);
		const cut = restore({ file: sealed, passphrase: "correct horse battery", now: later(5) });
		await expect(cut).rejects.toThrow("damaged");
		await expect(restore({ replace: false })).rejects.toThrow("--replace");
		const lock = acquireLock(home.controlPlaneLock, "http://127.0.0.1:1");
		await expect(restore()).rejects.toThrow("Stop the control plane first");
		lock.release();
		expect(await linesOf(await create())).toEqual(before);
	});

	it("brings an older backup up to date, and refuses a newer one", async () => {
		const names = await migrationNames(MIGRATIONS);
		await restore({ file: await olderBackup(names.slice(0, 1)), now: later(6) });
		const { epoch, ...rest } = await db.controlPlane.findFirstOrThrow();
		expect(epoch).toBeGreaterThan(200_000_000);
		expect(rest).toMatchObject({ id: 1, routeRevision: 0 });
		expect(await applyMigrations(url, MIGRATIONS)).toEqual([]);

		const refused = restore({ file: await olderBackup([...names, "20990101000000_to_come"]) });
		await expect(refused).rejects.toThrow("newer than this version's");
	});
});

it("restoring an embedded database restores its key too, and keeps what was there", async () => {
	const other = emptyHome("other");
	const { movedAside } = await restore({ home: other, databaseUrl: undefined, replace: false });
	expect(movedAside).toEqual([]);
	const key = keyIn(home.secretKeyFile);
	expect(keyIn(other.secretKeyFile)).toEqual(key);
	expect(statSync(other.secretKeyFile).mode & 0o777).toBe(0o600);
	const again = restore({ home: other, databaseUrl: undefined, replace: false });
	await expect(again).rejects.toThrow("--replace");

	rmSync(other.secretKeyFile);
	const anotherKey = keyIn(other.secretKeyFile);
	const second = await restore({ home: other, databaseUrl: undefined });
	expect(second.movedAside).toEqual([
		`${other.secretKeyFile}.before-20260601120000`,
		`${other.databaseDir}.before-20260601120000`,
	]);
	expect(keyIn(second.movedAside[0] ?? "")).toEqual(anotherKey);
	expect(keyIn(other.secretKeyFile)).toEqual(key);
	expect(readdirSync(other.root).filter((name) => name.includes("restoring"))).toEqual([]);

	const before = await linesOf(pristine);
	const file = await create({ home: other, databaseUrl: undefined, withMetrics: true });
	expect((await linesOf(file)).length).toBe(before.length + 2);
});

/** At different times, so that what is moved aside gets different names. */
function later(seconds: number): Date {
	return new Date(NOW.getTime() + seconds * 1_000);
}

/** A backup as a version with only these migrations would have made it. */
async function olderBackup(migrations: readonly string[]): Promise<string> {
	const columns = ["id", "checksum", "migration_name", "finished_at", "applied_steps_count"];
	const lines = [
		{ kind: "dump", format: 1, version: "0.0.1", createdAt: NOW, migrations, leftOut: [] },
		{ kind: "table", name: "_prisma_migrations", columns },
		...migrations.map((name, index) => [String(index), "0", name, "2026-01-01 00:00:00+00", "1"]),
		{ kind: "table", name: "ControlPlane", columns: ["id", "epoch", "startedAt"] },
		["1", "3", "2026-01-01 00:00:00"],
	].map((line) => `${JSON.stringify(line)}\n`);
	const end = {
		kind: "end",
		rows: { _prisma_migrations: migrations.length, ControlPlane: 1 },
		sha256: createHash("sha256").update(lines.join("")).digest("hex"),
	};
	files += 1;
	const file = join(root, `${files}.backup`);
	await writeBackupFile(file, null, {
		secretKey: readFileSync(home.secretKeyFile, "utf8").trim(),
		async dump(write) {
			for (const line of [...lines, `${JSON.stringify(end)}\n`]) await write(line);
		},
	});
	return file;
}
