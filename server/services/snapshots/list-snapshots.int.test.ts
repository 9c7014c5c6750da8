import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { createCacheInputSchema } from "../../contract/create-cache.ts";
import { evenSlots, formatSlots } from "../../contract/slots.ts";
import {
	importSnapshotInputSchema,
	listSnapshotsInputSchema,
	type SnapshotSource,
} from "../../contract/snapshot.ts";
import { enrollTestHosts } from "../../testing/test-host.ts";
import { openTestResources, type TestResources, testCaller } from "../../testing/test-resources.ts";
import { previewCreation } from "../caches/preview-creation.ts";
import { importSnapshot } from "./import-snapshot.ts";
import { getSnapshot, listSnapshots } from "./list-snapshots.ts";

const MIB = 1024 ** 2;
const SOURCE: SnapshotSource = {
	engine: "valkey",
	engineVersion: "9.1.2",
	kind: "provisioned",
	clusterMode: "enabled",
	nodeType: "cache.t4g.micro",
	nodeMemoryBytes: 512 * MIB,
	replicasPerShard: 1,
	parameterGroup: "default.valkey9.cluster.on",
	parameters: {},
	persistence: "aof-everysec",
	dataBytes: 100 * MIB,
};

let test: TestResources;
beforeAll(async () => {
	test = await openTestResources();
	await enrollTestHosts(test, "a", "b");
	await addSnapshot("before-release", "orders", {}, 1);
	await addSnapshot("nightly", "orders", { dataBytes: 4_096 * MIB }, 2);
	await addSnapshot("carts-final", "carts", { clusterMode: "disabled" }, 3, {
		...{ rdbVersion: 80, keys: 7, expiringKeys: 0, lastDatabase: 3, functions: 0 },
	});
});

const CONTENT = {
	...{ rdbVersion: 80, keys: 7, expiringKeys: 0, lastDatabase: 0, functions: 0, producer: null },
};

async function addSnapshot(
	name: string,
	cacheName: string,
	source: Partial<SnapshotSource>,
	second: number,
	content: object = CONTENT,
): Promise<void> {
	const { db, clock } = test.resources;
	const { id: storeId } = await db.store.findFirstOrThrow({ where: { name: "local" } });
	const isCluster = source.clusterMode !== "disabled";
	const slots = isCluster ? [0, 1].map((index) => formatSlots([evenSlots(2, index)])) : [null];
	const id = randomUUID();
	const createdAt = new Date(clock.now().getTime() + second * 1_000);
	await db.snapshot.create({
		data: {
			...{ id, name, cacheName, storeId, kind: "manual", status: "available", percent: 100 },
			...{ source: { ...SOURCE, ...source }, createdAt, progressAt: createdAt },
			shards: {
				create: slots.map((own, index) => ({
					...{ id: randomUUID(), index, slots: own, key: `${id}/${index}`, takenAt: createdAt },
					...{ keys: 7n, bytes: 70n, sha256: "ab", content: { ...CONTENT, ...content } },
				})),
			},
		},
	});
}

const list = async (input: object) => {
	const page = await listSnapshots(test.resources, listSnapshotsInputSchema.parse(input));
	return { ...page, names: page.items.map(({ name }) => name) };
};
const preview = (input: object) =>
	previewCreation(test.resources, createCacheInputSchema.parse({ name: "again", ...input }));

describe("the list of snapshots", () => {
	it("finds them by their own name or their cache's, newest first, and counts all that match", async () => {
		expect(await list({ search: "ORDERS" })).toMatchObject({
			...{ names: ["nightly", "before-release"], total: 2, nextCursor: null },
		});
		expect((await list({ search: "final" })).names).toEqual(["carts-final"]);
		const first = await list({ limit: 2 });
		expect(first).toMatchObject({ names: ["carts-final", "nightly"], total: 3 });
		const second = await list({ limit: 2, cursor: first.nextCursor });
		expect(second).toMatchObject({ names: ["before-release"], total: 3, nextCursor: null });
	});
});

describe("a preview of a restore", () => {
	it("says what the cache would be if the request leaves everything open, and what the other was", async () => {
		const { cache, source, problems } = await preview({ snapshot: "before-release" });
		expect(problems).toEqual([]);
		expect(source).toMatchObject({ engineVersion: "9.1.2", shards: 2, replicasPerShard: 1 });
		expect(cache).toEqual({ ...source, engineVersion: "9.1" });
	});

	it("follows what the request chooses", async () => {
		const { cache } = await preview({
			...{ snapshot: "before-release", shards: 3, nodeType: "cache.t4g.small" },
		});
		expect(cache).toMatchObject({ shards: 3, nodeType: "cache.t4g.small", clusterMode: "enabled" });
	});

	it("can't say what a cache would be whose parts don't fit together", async () => {
		const { cache, source, problems } = await preview({
			...{ snapshot: "before-release", nodeType: "own.unknown" },
		});
		expect({ cache, isKnown: source !== null }).toEqual({ cache: null, isKnown: true });
		expect(problems).toMatchObject([{ field: "nodeType" }]);
	});

	it.each([
		["nodeType", { snapshot: "nightly" }, /larger node type/],
		["engineVersion", { snapshot: "before-release", engineVersion: "8" }, /RDB 80/],
		["clusterMode", { snapshot: "carts-final", clusterMode: "enabled" }, /database 3/],
	])("is refused at %s before anything begins", async (field, input, message) => {
		const { cache, problems } = await preview(input);
		expect(cache).not.toBeNull();
		expect(problems).toEqual([{ field, message: expect.stringMatching(message) }]);
	});
});

it("says how many bytes have been copied and stored, and when a snapshot will be complete", async () => {
	const { db } = test.resources;
	await addSnapshot("being-taken", "orders", {}, 0);
	const [first] = await db.snapshotShard.findMany({
		where: { snapshot: { name: "being-taken" } },
		orderBy: { index: "asc" },
	});
	await db.snapshot.update({
		where: { name: "being-taken" },
		data: { status: "creating", percent: 50 },
	});
	await db.snapshotShard.updateMany({
		where: { snapshot: { name: "being-taken" }, id: { not: first?.id ?? "" } },
		data: { bytes: null, sha256: null },
	});
	test.time.now = new Date(test.time.now.getTime() + 10_000);
	const { progress } = await getSnapshot(test.resources, { name: "being-taken" });
	const end = new Date(test.time.now.getTime() + 10_000).toISOString();
	expect(progress).toEqual({ copiedBytes: 70, storedBytes: 70, estimatedEndAt: end });
});

it("tells imports that wait for a person's files from those that Larder fetches", async () => {
	const from = { store: "local", keys: ["imports/dump.rdb"] };
	for (const input of [{ name: "moved-in" }, { name: "fetched", from }]) {
		await importSnapshot(test.resources, testCaller(), importSnapshotInputSchema.parse(input));
	}
	expect(await getSnapshot(test.resources, { name: "moved-in" })).toMatchObject({
		awaitsUpload: true,
	});
	expect(await getSnapshot(test.resources, { name: "fetched" })).toMatchObject({
		awaitsUpload: false,
	});
});
