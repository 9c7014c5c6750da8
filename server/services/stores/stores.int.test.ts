import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Decrypter } from "age-encryption";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { TestBucket } from "../../../platform/testing/test-bucket.ts";
import type { Access } from "../../contract/access.ts";
import { createStoreInputSchema, listObjectsInputSchema } from "../../contract/store.ts";
import { openTestResources, type TestResources, testCaller } from "../../testing/test-resources.ts";
import { createStore } from "./create-store.ts";
import { listObjects } from "./list-objects.ts";
import { deleteStore, getStore, listStores, modifyStore, testStore } from "./manage-stores.ts";
import { openTransfer } from "./open-transfer.ts";

let directory: string;
let bucket: TestBucket;
let test: TestResources;
beforeAll(async () => {
	bucket = await TestBucket.start();
});
beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), "larder-stores-"));
	test = await openTestResources();
	return () => rmSync(directory, { recursive: true });
});
afterAll(() => bucket?.close());

const create = (input: object) =>
	createStore(test.resources, testCaller(), createStoreInputSchema.parse(input));
const s3Input = () => {
	const { endpoint, bucket: name, credentials } = bucket.settings;
	return { bucket: name, endpoint, prefix: "larder/", ...credentials };
};
const rowOf = (name: string) => test.resources.db.store.findUniqueOrThrow({ where: { name } });

it("a directory becomes a store that keeps what is put into it", async () => {
	const path = join(directory, "nas");
	expect(await create({ name: "nas", path })).toMatchObject({ kind: "directory", path });
	const store = await test.resources.stores.open((await rowOf("nas")).id);
	await store.put("a", Readable.from([Buffer.from("content")]));
	expect(readFileSync(join(path, "a"), "utf8")).toBe("content");
	await store.put("snapshots/1/manifest.json", Readable.from([Buffer.from("{}")]));
	const keysFor = async (access: Access, prefix = "") => {
		const input = listObjectsInputSchema.parse({ name: "nas", prefix });
		const { items } = await listObjects(test.resources, { access }, input);
		return items.map(({ key }) => key);
	};
	expect(await keysFor("full")).toEqual(["a", "snapshots/1/manifest.json"]);
	// Other files than Larder's may be anybody's.
	expect(await keysFor("viewer")).toEqual(["snapshots/1/manifest.json"]);
	expect(await keysFor("viewer", "snapshots/1/")).toEqual(["snapshots/1/manifest.json"]);
	expect(await keysFor("read-only", "imports/")).toEqual([]);
	const { items } = await listStores(test.resources);
	expect(items.map(({ name, isDefault }) => [name, isDefault])).toEqual([
		["local", true],
		["nas", false],
	]);
});

it("a bucket's secret and an age identity are in no view, row or audit entry", async () => {
	const created = await create({ name: "offsite", s3: s3Input(), encryption: "age" });
	const { identity } = created;
	expect(identity).toMatch(/^AGE-SECRET-KEY-1/);
	const { db, stores } = test.resources;
	const view = await getStore(test.resources, "offsite");
	expect(view).toMatchObject({
		...{ kind: "s3", encryption: "age", recipient: expect.stringMatching(/^age1/) },
		s3: { bucket: "larder", pathStyle: true, accessKeyId: "S3RVER" },
	});
	const kept = JSON.stringify([view, await rowOf("offsite"), await db.auditEntry.findMany()]);
	expect(kept).not.toContain(identity);
	expect(kept).not.toContain("secretAccessKey");

	const store = await stores.open((await rowOf("offsite")).id);
	await store.put("a", Readable.from([Buffer.from("content")]));
	const decrypter = new Decrypter();
	decrypter.addIdentity(identity ?? "");
	expect(await decrypter.decrypt(readFileSync(bucket.fileOf("a.age")), "text")).toBe("content");
});

it("a store that doesn't work isn't created, and says why", async () => {
	await expect(
		create({ name: "x", s3: { ...s3Input(), bucket: "missing" } }),
	).rejects.toMatchObject({
		...{ code: "invalid_argument", field: "s3", message: expect.stringContaining("bucket") },
	});
	writeFileSync(join(directory, "letter"), "");
	await expect(create({ name: "x", path: directory })).rejects.toMatchObject({
		...{ code: "invalid_argument", field: "path" },
	});
	const wrong = { name: "x", path: join(directory, "x"), encryption: "age" };
	await expect(create({ ...wrong, identity: "AGE-SECRET-KEY-1QQQ" })).rejects.toMatchObject({
		field: "identity",
	});
	expect((await listStores(test.resources)).items).toHaveLength(1);
});

it("changes are tried before they are kept, and apply at once", async () => {
	await create({ name: "offsite", s3: s3Input() });
	const modify = (change: object) =>
		modifyStore(test.resources, testCaller(), { name: "offsite", ...change });
	await expect(modify({ secretAccessKey: "wrong" })).rejects.toMatchObject({
		code: "invalid_argument",
	});
	expect(await testStore(test.resources, testCaller(), { name: "offsite" })).toMatchObject({
		ok: true,
	});
	await expect(modify({ path: "/mnt/x" })).rejects.toMatchObject({ field: "path" });
	await modify({ region: "us-west-2" });
	expect(await getStore(test.resources, "offsite")).toMatchObject({ s3: { region: "us-west-2" } });
	bucket.fault = () => ({ kind: "status", status: 503, code: "SlowDown" });
	expect(await testStore(test.resources, testCaller(), { name: "offsite" })).toMatchObject({
		...{ ok: false, message: expect.stringContaining("can't be reached") },
	});
	bucket.fault = () => null;
});

it("a store in use, and the local one, can't be deleted", async () => {
	const remove = (name: string) => deleteStore(test.resources, testCaller(), { name });
	await create({ name: "nas", path: join(directory, "nas") });
	await expect(remove("local")).rejects.toMatchObject({ code: "conflict" });
	const { db, clock } = test.resources;
	const host = await db.host.create({
		data: {
			...{ id: "h", agentId: "h", name: "h", zone: "a", credentialHash: "h", cpus: 1, engines: [] },
			...{ bindAddress: "127.0.0.1", advertisedAddress: "h", agentVersion: "1", memoryBytes: 1n },
		},
	});
	const { id: storeId } = await rowOf("nas");
	await openTransfer(db, clock, { hostId: host.id, storeId, key: "a", direction: "put" });
	await expect(remove("nas")).rejects.toMatchObject({ code: "conflict", field: "name" });
	await db.transfer.deleteMany();
	await remove("nas");
	await expect(getStore(test.resources, "nas")).rejects.toMatchObject({ code: "not_found" });
});
