import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { beforeEach, expect, it } from "vitest";
import type { Assignment } from "../../contract/desired-state.ts";
import { modifyCacheInputSchema } from "../../contract/modify-cache.ts";
import type { SnapshotReport } from "../../contract/snapshot.ts";
import { deleteCache } from "../../services/caches/delete-cache.ts";
import { modifyCache } from "../../services/caches/modify-cache.ts";
import { createSnapshot } from "../../services/snapshots/create-snapshot.ts";
import { deleteSnapshot } from "../../services/snapshots/delete-snapshot.ts";
import { getSnapshot, listSnapshots } from "../../services/snapshots/list-snapshots.ts";
import { copySnapshot } from "../../services/snapshots/modify-snapshot.ts";
import { TestFleet } from "../../testing/test-fleet.ts";
import { asRunning } from "../../testing/test-host.ts";
import { advanceSnapshots } from "./keep-snapshots.ts";
import { scheduleSnapshots } from "./schedule-snapshots.ts";

const DAY_MS = 86_400_000;
const CONTENT = {
	...{ rdbVersion: 80, keys: 7, expiringKeys: 0, lastDatabase: 0, functions: 0 },
	producer: "valkey 9.1.2",
};

let fleet: TestFleet;
beforeEach(async () => {
	fleet = await TestFleet.open();
	fleet.test.time.now = new Date("2026-11-30T12:00:00Z");
});

const resources = () => fleet.test.resources;
const request = (name: string) =>
	createSnapshot(resources(), fleet.caller, { name, cache: "orders", store: undefined, tags: {} });
const seen = (name: string) => getSnapshot(resources(), { name });
const advance = () => advanceSnapshots(resources());
async function names(): Promise<string[]> {
	const { items } = await listSnapshots(resources(), {
		...{ limit: 50, cursor: undefined, cache: undefined, status: undefined, kind: undefined },
	});
	return items.map(({ name }) => name);
}

/** The nodes that hosts should copy. */
async function ordered(): Promise<Assignment[]> {
	const states = await Promise.all(fleet.hosts.map((host) => host.state()));
	return states.flatMap(({ assignments }) => assignments.filter(({ snapshot }) => snapshot));
}

/** Hosts report everything as running, and this of each node that is being copied. */
async function report(said: (assignment: Assignment) => Partial<SnapshotReport>): Promise<void> {
	for (const host of fleet.hosts) {
		const { assignments, revision } = await host.state();
		const observations = assignments.map((assignment) => {
			const running = asRunning(assignment, 4_000);
			const { snapshot } = assignment;
			if (snapshot === undefined) return running;
			const base: SnapshotReport = {
				...{ id: snapshot.id, phase: "saving", bytes: 0, totalBytes: null },
				...{ sha256: null, content: null, message: null },
			};
			return { ...running, snapshot: { ...base, ...said(assignment) } };
		});
		await host.report({ revision, observations });
	}
}

/** The files arrive in the store, as the transfer's route would put them there. */
async function store(): Promise<void> {
	const local = await resources().stores.open("local");
	const transfers = await resources().db.transfer.findMany({ where: { finishedAt: null } });
	for (const { id, key } of transfers) {
		const { bytes, sha256 } = await local.put(key, Readable.from([Buffer.from(id)]));
		await resources().db.transfer.update({
			where: { id },
			data: { bytes: BigInt(bytes), sha256, finishedAt: resources().clock.now() },
		});
	}
}

/** What a host has sent for this order. */
function sent({ snapshot }: Assignment): Partial<SnapshotReport> {
	const file = Buffer.from(snapshot?.transferId ?? "");
	const sha256 = createHash("sha256").update(file).digest("hex");
	return { phase: "stored", bytes: file.length, totalBytes: file.length, sha256, content: CONTENT };
}

async function complete(): Promise<void> {
	await advance();
	await store();
	await report(sent);
	await advance();
}

/** Tests share the directory of the store. */
async function keysOf(snapshotId: string): Promise<string[]> {
	const keys: string[] = [];
	const local = await resources().stores.open("local");
	for await (const { key } of local.list(`snapshots/${snapshotId}/`)) keys.push(key);
	return keys;
}

async function idOf(name: string): Promise<string> {
	return (await resources().db.snapshot.findUniqueOrThrow({ where: { name } })).id;
}

it("a replica of each shard is copied; the snapshot is available once the store has what the hosts sent", async () => {
	await fleet.create({ clusterMode: "enabled", shards: 2, replicasPerShard: 1 });
	await request("s");
	await expect(request("t")).rejects.toThrow(/is being taken/);
	await advance();
	const orders = await ordered();
	expect(orders.map(({ role }) => role.kind)).toEqual(["replica", "replica"]);
	// While slots could be in two copies or in none, none move.
	await modifyCache(
		resources(),
		fleet.caller,
		modifyCacheInputSchema.parse({ name: "orders", shards: 3 }),
	);
	await fleet.converge();
	const moving = async () => {
		const states = await Promise.all(fleet.hosts.map((host) => host.state()));
		return states.flatMap(({ assignments }) =>
			assignments.flatMap(({ cluster }) => cluster?.moves ?? []),
		);
	};
	expect(await moving()).toEqual([]);
	await report(() => ({ phase: "saving", bytes: 1 }));
	await advance();
	expect((await moving()).length).toBeGreaterThan(0);
	await report(() => ({ phase: "stored", bytes: 1, sha256: "0", content: CONTENT }));
	await advance();
	expect(await seen("s")).toMatchObject({ status: "creating", spreadMs: 0 });
	await store();
	await report(sent);
	await advance();
	expect(await seen("s")).toMatchObject({ status: "available", keys: 14, percent: 100 });
	expect(await ordered()).toEqual([]);
	expect(await resources().db.transfer.count()).toBe(0);
	expect(await keysOf(await idOf("s"))).toHaveLength(3);
	expect(await fleet.eventTypes()).toContain("snapshot.available");
});

it("a copy that fails is tried on another node; the third failure ends the snapshot, and nothing is left of it", async () => {
	await fleet.create({ replicasPerShard: 2 });
	await request("s");
	const id = await idOf("s");
	const tried = new Set<string>();
	for (let attempt = 0; attempt < 3; attempt += 1) {
		await advance();
		const [order] = await ordered();
		tried.add(`${order?.nodeName} ${order?.snapshot?.id.split(":")[1]}`);
		await store();
		await report(() => ({ phase: "failed", message: "the disk of the host is full" }));
		await advance();
	}
	expect(tried).toEqual(new Set(["orders-002 0", "orders-003 1", "orders-002 2"]));
	const failed = await seen("s");
	expect(failed.status).toBe("failed");
	expect(failed.statusReason).toMatch(/orders-002 on h.* the disk of the host is full.* 3 times/);
	expect(await keysOf(id)).toHaveLength(3);
	await advance();
	expect(await keysOf(id)).toEqual([]);
	expect(await ordered()).toEqual([]);
	await deleteSnapshot(resources(), fleet.caller, { name: "s" });
	await advance();
	expect(await names()).toEqual([]);
});

it("a cache is deleted after its final snapshot, and stays if that fails", async () => {
	await fleet.create({});
	const remove = (finalSnapshot: string) =>
		deleteCache(resources(), fleet.caller, { name: "orders", finalSnapshot });
	expect(await remove("one")).toMatchObject({ status: "deleting" });
	await fleet.settle();
	expect((await fleet.orders()).statusReason).toMatch(/final snapshot is being taken/);
	for (let attempt = 0; attempt < 3; attempt += 1) {
		await advance();
		await report(() => ({ phase: "failed", message: "no" }));
	}
	await advance();
	await fleet.settle();
	expect(await fleet.orders()).toMatchObject({ status: "available", statusReason: null });
	await remove("given-up");
	await deleteSnapshot(resources(), fleet.caller, { name: "given-up" });
	await fleet.settle();
	expect(await fleet.orders()).toMatchObject({ status: "available" });
	await advance();
	await remove("two");
	await complete();
	await fleet.converge();
	await expect(fleet.orders()).rejects.toThrow(/not found/);
	expect(await seen("two")).toMatchObject({ status: "available", kind: "final", cache: "orders" });
	await deleteSnapshot(resources(), fleet.caller, { name: "two" });
});

it("for an hour after its protection ended, a cache isn't deleted unless its data is saved or given up", async () => {
	await fleet.create({});
	const modify = (deletionProtection: boolean) =>
		modifyCache(
			resources(),
			fleet.caller,
			modifyCacheInputSchema.parse({ name: "orders", deletionProtection }),
		);
	const remove = (how: object = {}) =>
		deleteCache(resources(), fleet.caller, { name: "orders", ...how });
	expect((await fleet.orders()).finalSnapshotRequired).toBe(false);
	await modify(true);
	await expect(remove({ skipFinalSnapshot: true })).rejects.toMatchObject({
		...{ code: "conflict", field: "deletionProtection" },
	});
	expect((await modify(false)).finalSnapshotRequired).toBe(true);
	await expect(remove()).rejects.toMatchObject({
		...{ code: "conflict", field: "finalSnapshot" },
		message: expect.stringMatching(/send finalSnapshot.* or skipFinalSnapshot=true/),
	});
	expect(await remove({ finalSnapshot: "last" })).toMatchObject({ status: "deleting" });
	await deleteSnapshot(resources(), fleet.caller, { name: "last" });
	await fleet.settle();
	fleet.test.time.now = new Date("2026-11-30T13:00:00Z");
	expect((await fleet.orders()).finalSnapshotRequired).toBe(false);
	await modify(true);
	await modify(false);
	expect(await remove({ skipFinalSnapshot: true })).toMatchObject({ status: "deleting" });
});

it("one automatic snapshot a window is taken, and only automatic ones expire, when the cache says", async () => {
	await fleet.create({ snapshotRetentionDays: 2, snapshotWindow: "23:30-00:30" });
	await request("manual");
	await complete();
	await scheduleSnapshots(resources());
	expect(await names()).toEqual(["manual"]);
	for (const at of ["2026-11-30T23:45:00Z", "2026-12-01T00:15:00Z"]) {
		fleet.test.time.now = new Date(at);
		for (const host of fleet.hosts) await host.report();
		await scheduleSnapshots(resources());
		await complete();
	}
	const automatic = "auto-orders-2026-11-30-23-30";
	expect(await names()).toEqual([automatic, "manual"]);
	const copied = { name: automatic, target: "copied", tags: undefined };
	await copySnapshot(resources(), fleet.caller, copied);
	await advance();
	expect(await seen("copied")).toMatchObject({ status: "available", expiresAt: null });

	const keepFor = (snapshotRetentionDays: number) =>
		modifyCache(
			resources(),
			fleet.caller,
			modifyCacheInputSchema.parse({ name: "orders", snapshotRetentionDays }),
		);
	await keepFor(3);
	const created = new Date("2026-11-30T23:45:00Z").getTime();
	expect(Date.parse((await seen(automatic)).expiresAt ?? "")).toBe(created + 3 * DAY_MS);
	await keepFor(0);
	fleet.test.time.now = new Date(created + 3 * DAY_MS - 1);
	await scheduleSnapshots(resources());
	await advance();
	expect(await names()).toEqual(["copied", automatic, "manual"]);
	fleet.test.time.now = new Date(created + 3 * DAY_MS);
	await scheduleSnapshots(resources());
	await advance();
	expect(await names()).toEqual(["copied", "manual"]);
	expect(await fleet.eventTypes()).toContain("snapshot.expired");
});
