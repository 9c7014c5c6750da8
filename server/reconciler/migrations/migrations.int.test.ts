import { beforeEach, expect, it } from "vitest";
import { createCacheInputSchema } from "../../contract/create-cache.ts";
import { type MigrationReport, startMigrationInputSchema } from "../../contract/migration.ts";
import { createCache } from "../../services/caches/create-cache.ts";
import { getCredentials } from "../../services/caches/get-credentials.ts";
import { modifyCache } from "../../services/caches/modify-cache.ts";
import { previewChange } from "../../services/caches/preview-change.ts";
import { cancelMigration, completeMigration } from "../../services/migration/end-migration.ts";
import { getMigration } from "../../services/migration/find-migration.ts";
import { startMigration } from "../../services/migration/start-migration.ts";
import { asRunning, enrollTestHost, type TestHost } from "../../testing/test-host.ts";
import { openTestResources, type TestResources, testCaller } from "../../testing/test-resources.ts";
import { reconcileCache } from "../reconcile-cache.ts";
import { lookAtMigrations } from "./keep-migrations.ts";

const PASSWORD = "of-the-source";
const REF = { name: "orders" };
let test: TestResources;
let host: TestHost;
const caller = testCaller();

beforeEach(async () => {
	test = await openTestResources();
	host = await enrollTestHost(test, "h1", "a");
});

async function settle() {
	for (const { id } of await test.resources.db.cache.findMany({ select: { id: true } })) {
		let again = true;
		while (again) ({ again } = await reconcileCache(test.resources, id, (work) => work()));
	}
}

async function create(input: object = {}) {
	const spec = createCacheInputSchema.parse({ ...REF, ...input });
	await createCache(test.resources, caller, spec);
	await settle();
	await host.converge();
	await settle();
}

const start = (input: object = {}) =>
	startMigration(
		test.resources,
		caller,
		startMigrationInputSchema.parse({
			...{ ...REF, host: "10.9.9.9", port: 6379, password: PASSWORD, replaceData: true },
			...input,
		}),
	);
const status = async () => (await getMigration(test.resources, REF)).status;

async function assignment() {
	const [first] = (await host.state()).assignments;
	if (first === undefined) throw new Error("nothing is assigned");
	return first;
}

/** The hosts have what the phase means for their nodes. */
async function takeIn() {
	await settle();
	const { status: during } = await test.resources.db.cache.findFirstOrThrow();
	expect(during).toBe("modifying");
	await host.converge();
	await settle();
	const { status: afterward } = await test.resources.db.cache.findFirstOrThrow();
	expect(afterward).toBe("available");
}

type Said = [MigrationReport["phase"], Partial<MigrationReport>?];

/** The hosts of the primaries say how far they are, in order; then the control plane looks. */
async function sayOfEach(...said: Said[]) {
	const { revision, assignments } = await host.state();
	const observations = said.flatMap(([phase, change], index) => {
		const assigned = assignments[index];
		if (assigned === undefined) return [];
		const migration: MigrationReport = {
			...{ id: assigned.migration?.id ?? "", phase, bytes: 1, totalBytes: 4 },
			...{ keys: 1, totalKeys: 4, holdsWrites: true, checks: [`${index}`] },
			...{ lagBytes: null, lagSeconds: null, pausedMs: null, message: null, ...change },
		};
		return [{ ...asRunning(assigned, 4_001 + index), migration }];
	});
	await host.report({ revision, observations });
	await lookAtMigrations(test.resources);
}

const say = (...said: Said) => sayOfEach(said);

it("leads once its primary has everything that the source wrote, and refuses other changes until then", async () => {
	await create();
	const before = new Set((await test.resources.db.event.findMany()).map(({ id }) => id));
	expect(await start()).toMatchObject({ status: "checking", source: { host: "10.9.9.9" } });
	const { migration } = await assignment();
	expect(migration).toMatchObject({ phase: "check", password: PASSWORD });
	const row = await test.resources.db.migration.findFirstOrThrow();
	expect(JSON.stringify(row)).not.toContain(PASSWORD);
	await expect(start()).rejects.toMatchObject({ code: "conflict" });
	const change = { ...REF, persistence: "aof-everysec" as const };
	await expect(modifyCache(test.resources, caller, change)).rejects.toThrow("migration");
	await say("checked");
	expect((await assignment()).migration?.phase).toBe("replicate");
	await takeIn();
	await say("copying");
	expect(await getMigration(test.resources, REF)).toMatchObject({ status: "copying", percent: 25 });
	await expect(completeMigration(test.resources, caller, REF)).rejects.toThrow("yet");
	await say("following", { lagBytes: 7, lagSeconds: 0.1 });
	expect(await getMigration(test.resources, REF)).toMatchObject({
		...{ status: "replicating", percent: 100, lagBytes: 7 },
	});
	await completeMigration(test.resources, caller, REF);
	expect((await assignment()).migration?.phase).toBe("cut-over");
	await say("following", { message: "too long" });
	expect(await status()).toBe("replicating");
	await completeMigration(test.resources, caller, REF);
	await expect(cancelMigration(test.resources, caller, REF)).rejects.toThrow("being completed");
	await say("caught-up", { pausedMs: 5 });
	expect((await assignment()).migration?.phase).toBe("lead");
	await say("leading", { pausedMs: 12 });
	expect(await getMigration(test.resources, REF)).toMatchObject({
		...{ status: "completed", pauseMs: 12 },
	});
	expect((await assignment()).migration).toBeUndefined();
	const ended = await test.resources.db.migration.findFirstOrThrow();
	expect(ended.secret).toBeNull();
	await takeIn();
	const events = await test.resources.db.event.findMany();
	const since = events.filter(({ id }) => !before.has(id));
	// Nothing else, such as that changes are done whenever hosts have taken in a phase.
	expect(since.map(({ type }) => type).toSorted()).toEqual([
		...["migration.completed", "migration.cut-over", "migration.cut-over"],
		...["migration.replicating", "migration.started", "migration.taken-back"],
	]);
	const [completed] = since.filter(({ type }) => type === "migration.completed");
	expect(completed?.message).toContain("12 ms");
});

it("ends with an empty cache when it is canceled, and with the reason when it fails", async () => {
	await create();
	await start();
	await say("failed", { message: "The source refuses the login." });
	expect(await getMigration(test.resources, REF)).toMatchObject({
		...{ status: "failed", statusReason: "The source refuses the login." },
	});
	await start();
	await say("checked");
	await say("failed", { message: "The cache is full." });
	expect(await getMigration(test.resources, REF)).toMatchObject({
		...{ status: "canceling", statusReason: "The cache is full." },
	});
	await say("emptied");
	expect(await status()).toBe("failed");
	await start();
	await say("checked");
	expect(await cancelMigration(test.resources, caller, REF)).toMatchObject({ status: "canceling" });
	await say("emptied");
	expect(await status()).toBe("canceled");
	expect((await assignment()).migration).toBeUndefined();
	// Before the source has been checked, there is nothing to delete.
	await start();
	expect(await cancelMigration(test.resources, caller, REF)).toMatchObject({ status: "canceled" });
	expect((await assignment()).migration).toBeUndefined();
});

it("takes the lead with all shards of a cluster, or with none", async () => {
	await create({ clusterMode: "enabled", shards: 2, replicasPerShard: 0 });
	await start();
	await sayOfEach(["checked"], ["checking"]);
	expect((await assignment()).migration?.phase).toBe("check");
	await sayOfEach(["checked"], ["checked"]);
	expect((await assignment()).migration?.phase).toBe("replicate");
	await sayOfEach(["following", { lagBytes: 3 }], ["following", { lagBytes: 9 }]);
	expect(await getMigration(test.resources, REF)).toMatchObject({
		...{ status: "replicating", lagBytes: 9, holdsWrites: true },
		checks: expect.arrayContaining(["0", "1"]),
	});
	await completeMigration(test.resources, caller, REF);
	await sayOfEach(["caught-up"], ["following"]);
	expect((await assignment()).migration?.phase).toBe("cut-over");
	// One of the agents has died.
	await sayOfEach(["caught-up"], ["checking", { message: "why" }]);
	expect((await assignment()).migration?.phase).toBe("replicate");
	expect((await getMigration(test.resources, REF)).statusReason).toContain("why");
	await sayOfEach(["following"], ["following"]);
	await completeMigration(test.resources, caller, REF);
	await sayOfEach(["caught-up"], ["caught-up"]);
	expect((await assignment()).migration?.phase).toBe("lead");
	await sayOfEach(["leading", { pausedMs: 4 }], ["caught-up"]);
	expect(await status()).toBe("completing");
	await sayOfEach(["leading", { pausedMs: 4 }], ["leading", { pausedMs: 7 }]);
	expect(await getMigration(test.resources, REF)).toMatchObject({
		...{ status: "completed", pauseMs: 7 },
	});
});

it("is refused for caches that can't, with what to do instead", async () => {
	await create({ engine: "memcached" });
	await expect(start()).rejects.toThrow("Memcached");
	const unsafe = { ...REF, host: "h", port: 1, replaceData: true, tlsVerify: false };
	const { error } = startMigrationInputSchema.safeParse(unsafe);
	expect(error?.issues[0]?.message).toContain("only with tls");
	expect(startMigrationInputSchema.safeParse({ ...REF, host: "h", port: 1 }).success).toBe(false);
});

it("persistence changes in running nodes, and says what it needs", async () => {
	await create({ persistence: "aof-always" });
	expect((await assignment()).persistence).toBe("aof-always");
	const { generation } = await assignment();
	const change = { ...REF, persistence: "none" as const };
	await modifyCache(test.resources, caller, change);
	expect(await assignment()).toMatchObject({ generation: generation + 1 });
	expect((await assignment()).persistence).toBeUndefined();
	const back = { ...REF, persistence: "aof-everysec" as const };
	const preview = await previewChange(test.resources, back);
	expect(preview.steps.join()).toMatch(/needs up to .* of its host's disk/);
	expect(createCacheInputSchema.safeParse({ ...REF, kind: "serverless", ...change }).success).toBe(
		true,
	);
	for (const other of [{ kind: "serverless" }, { engine: "memcached" }]) {
		const refused = createCacheInputSchema.safeParse({ ...back, ...other });
		expect(refused.error?.issues[0]?.path).toEqual(["persistence"]);
	}
	const { replication } = await getCredentials(test.resources, caller, REF);
	expect(replication?.username).toBe("larder-replication");
});
