import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createLogger } from "../../../platform/logger.ts";
import { updateCrc64 } from "../../../platform/rdb/rdb-checksum.ts";
import { TestBucket } from "../../../platform/testing/test-bucket.ts";
import { createStoreInputSchema } from "../../contract/store.ts";
import { createStore } from "../../services/stores/create-store.ts";
import { LOCAL_STORE } from "../../services/stores/store-shelf.ts";
import { openTestResources, type TestResources, testCaller } from "../../testing/test-resources.ts";
import { startTestServer, TEST_MACHINE_TOKEN, type TestServer } from "../../testing/test-server.ts";
import { type SnapshotKeeper, startSnapshotKeeper } from "./keep-snapshots.ts";

let test: TestResources;
let server: TestServer;
let bucket: TestBucket;
let keeper: SnapshotKeeper;
beforeAll(async () => {
	test = await openTestResources();
	server = await startTestServer(test);
	bucket = await TestBucket.start();
	const logger = createLogger("test");
	logger.level = "silent";
	keeper = startSnapshotKeeper(test.resources, logger);
	const { endpoint, bucket: name, credentials } = bucket.settings;
	const s3 = { bucket: name, endpoint, prefix: "larder/", ...credentials };
	for (const [store, encryption] of [
		["offsite", "none"],
		["sealed", "age"],
	]) {
		const prefix = store === "sealed" ? "sealed/" : "larder/";
		const input = { name: store, s3: { ...s3, prefix }, encryption };
		await createStore(test.resources, testCaller(), createStoreInputSchema.parse(input));
	}
});
afterAll(async () => {
	await keeper?.stop();
	await server?.close();
	await bucket?.close();
});

/** An RDB file with a few keys, as Redis 7.2 would write it. */
function rdb(values: Readonly<Record<string, string>>): Buffer {
	const text = (value: string) => Buffer.from([value.length, ...Buffer.from(value)]);
	const body = Buffer.concat([
		Buffer.from("REDIS0011"),
		...[Buffer.from([0xfa]), text("redis-ver"), text("7.2.4"), Buffer.from([0xfe, 0])],
		...Object.entries(values).flatMap(([key, value]) => [Buffer.from([0]), text(key), text(value)]),
		Buffer.from([0xff]),
	]);
	const crc = { high: 0, low: 0 };
	updateCrc64(crc, body);
	const end = Buffer.alloc(8);
	end.writeUInt32LE(crc.low, 0);
	end.writeUInt32LE(crc.high, 4);
	return Buffer.concat([body, end]);
}

const CONTENT = rdb({ a: "1", b: "two", c: "x".repeat(40) });
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");

const headers = { authorization: `Bearer ${TEST_MACHINE_TOKEN}` };
async function call(method: string, path: string, body?: object) {
	const answer = await fetch(`${server.url}/api/v1${path}`, {
		...{ method, headers: { ...headers, "content-type": "application/json" } },
		...(body && { body: JSON.stringify(body) }),
	});
	return { status: answer.status, body: await answer.json() };
}
const begin = (name: string, more: object = {}) =>
	call("POST", "/snapshots/import", { name, ...more });
async function upload(name: string, content: Buffer, query = "") {
	const answer = await fetch(`${server.url}/api/v1/snapshots/${name}/upload${query}`, {
		...{ method: "PUT", body: new Uint8Array(content) },
		headers: { ...headers, "content-type": "application/octet-stream" },
	});
	return { status: answer.status, body: await answer.json() };
}
async function ended(name: string) {
	const get = async () => (await call("GET", `/snapshots/${name}`)).body;
	await expect.poll(async () => (await get()).status).not.toBe("creating");
	return await get();
}

it("an uploaded file becomes a snapshot, also if the upload broke off, and comes back byte by byte", async () => {
	expect(await begin("moved-in")).toMatchObject({ status: 202, body: { status: "creating" } });
	const broken = httpRequest(`${server.url}/api/v1/snapshots/moved-in/upload`, {
		method: "PUT",
		headers: {
			...{ ...headers, "content-type": "application/octet-stream" },
			"content-length": CONTENT.length,
		},
	});
	const cut = new Promise((resolve) => broken.once("error", resolve));
	broken.write(CONTENT.subarray(0, 20));
	const offset = async () => (await call("GET", "/snapshots/moved-in/upload")).body.offset;
	await expect.poll(offset).toBe(20);
	broken.destroy();
	await cut;
	await expect
		.poll(async () => (await upload("moved-in", CONTENT.subarray(20), "?offset=20")).status)
		.toBe(200);
	expect(await ended("moved-in")).toMatchObject({
		...{ status: "available", kind: "imported", engine: "redis", engineVersion: "7.2.4", keys: 3 },
		shards: [{ bytes: CONTENT.length, sha256: SHA256 }],
	});

	const path = `${server.url}/api/v1/snapshots/moved-in/download`;
	const whole = await fetch(path, { headers });
	expect(whole.headers.get("content-disposition")).toContain("moved-in.rdb");
	expect(CONTENT.equals(Buffer.from(await whole.arrayBuffer()))).toBe(true);
	const part = await fetch(path, { headers: { ...headers, range: "bytes=5-9" } });
	expect([part.status, part.headers.get("content-range")]).toEqual([
		206,
		`bytes 5-9/${CONTENT.length}`,
	]);
	expect(Buffer.from(await part.arrayBuffer())).toEqual(CONTENT.subarray(5, 10));
	const beyond = await fetch(path, { headers: { ...headers, range: "bytes=9999-" } });
	expect(beyond.status).toBe(416);
});

it("files in a bucket become a snapshot, one file a shard, in an encrypted store too", async () => {
	const row = await test.resources.db.store.findUniqueOrThrow({ where: { name: "offsite" } });
	const store = await test.resources.stores.open(row.id);
	for (const key of ["in/1.rdb", "in/2.rdb"]) await store.put(key, Readable.from([CONTENT]));
	const from = { store: "offsite", keys: ["in/1.rdb", "in/2.rdb"] };
	await begin("sharded", { from, store: "sealed", engine: "valkey" });
	expect(await ended("sharded")).toMatchObject({
		...{ status: "available", engine: "valkey", keys: 6, store: "sealed" },
		shards: [{ sha256: SHA256 }, { sha256: SHA256 }],
	});
	const local = await test.resources.stores.open(LOCAL_STORE);
	for await (const { key } of local.list("imports/")) throw new Error(`${key} was left`);

	await call("POST", "/snapshots/sharded/export", { store: "offsite", target: "out" });
	const exported = await ended("out");
	expect(exported).toMatchObject({ status: "available", store: "offsite", keys: 6 });
	const keys = [];
	for await (const { key, bytes } of store.list(exported.directory)) keys.push([key, bytes]);
	expect(keys.map(([key]) => key)).toEqual([
		`${exported.directory}0001-0.rdb`,
		`${exported.directory}0002-0.rdb`,
		`${exported.directory}manifest.json`,
	]);
	expect(keys[0]?.[1]).toBe(CONTENT.length);
	await begin("missing", { from: { store: "offsite", keys: ["in/3.rdb"] } });
	expect(await ended("missing")).toMatchObject({
		...{ status: "failed", statusReason: expect.stringContaining("no such object") },
	});
});

describe("a bucket that misbehaves", () => {
	const from = { store: "offsite", keys: ["in/1.rdb"] };
	const offsite = async () => {
		const row = await test.resources.db.store.findUniqueOrThrow({ where: { name: "offsite" } });
		return await test.resources.stores.open(row.id);
	};
	async function requireEmpty(directory: string) {
		const stores = [await offsite(), await test.resources.stores.open(LOCAL_STORE)];
		await expect
			.poll(async () => {
				const keys = [];
				for (const store of stores)
					for await (const { key } of store.list(directory)) keys.push(key);
				return keys;
			})
			.toEqual([]);
		expect(bucket.uploads()).toEqual([]);
	}
	beforeAll(async () => {
		await (await offsite()).put("in/1.rdb", Readable.from([CONTENT]));
	});
	afterEach(() => {
		bucket.fault = () => null;
	});

	it("is waited for with the reason while it answers 500, and used again after that", async () => {
		bucket.fault = () => ({ kind: "status", status: 500, code: "InternalError" });
		await begin("waiting", { from });
		const reason = async () => (await call("GET", "/snapshots/waiting")).body.statusReason;
		await expect.poll(reason).toContain("can't be reached, or fails");
		expect((await call("GET", "/snapshots/waiting")).body.status).toBe("creating");
		bucket.fault = () => null;
		expect(await ended("waiting")).toMatchObject({
			status: "available",
			statusReason: null,
			keys: 3,
		});
	});

	it("may be slow", async () => {
		bucket.fault = () => ({ kind: "slow", ms: 200 });
		await begin("slow", { from, store: "offsite" });
		expect(await ended("slow")).toMatchObject({ status: "available", keys: 3 });
	});

	it("isn't believed if it confirms another checksum, and keeps nothing of it", async () => {
		bucket.fault = ({ method }) => (method === "PUT" ? { kind: "checksum" } : null);
		await call("POST", "/snapshots/waiting/copy", { target: "lied-about", store: "offsite" });
		const failed = await ended("lied-about");
		expect(failed).toMatchObject({
			...{ status: "failed", statusReason: expect.stringContaining("another checksum") },
		});
		bucket.fault = () => null;
		await requireEmpty(failed.directory);
	});

	it("that has changed a file since isn't copied from", async () => {
		const { directory } = await ended("slow");
		const file = bucket.fileOf(`${directory}0001-0.rdb`);
		const changed = readFileSync(file);
		changed[40] = (changed[40] ?? 0) ^ 1;
		writeFileSync(file, changed);
		await call("POST", "/snapshots/slow/copy", { target: "rotten", store: "local" });
		const failed = await ended("rotten");
		expect(failed).toMatchObject({
			...{ status: "failed", statusReason: expect.stringContaining("damaged in store offsite") },
		});
		await requireEmpty(failed.directory);
	});
});

describe("a file that isn't a whole RDB file is refused", () => {
	const flipped = Buffer.from(CONTENT);
	flipped[30] = (flipped[30] ?? 0) ^ 1;
	it.each([
		["truncated", CONTENT.subarray(0, -9), "checksum"],
		["flipped", flipped, "checksum"],
		["text", Buffer.from("SET a 1\nSET b 2\nSET c 3\n"), "can't be imported"],
		["empty", Buffer.alloc(0), "too short"],
	])("%s", async (name, content, reason) => {
		await begin(name);
		expect(await upload(name, content)).toMatchObject({ status: 200 });
		expect(await ended(name)).toMatchObject({
			...{ status: "failed", statusReason: expect.stringContaining(reason) },
		});
		expect(await upload(name, CONTENT)).toMatchObject({ status: 409 });
	});
});

it("only those who manage snapshots may read or write their files", async () => {
	const answer = await fetch(`${server.url}/api/v1/snapshots/moved-in/download`);
	expect(answer.status).toBe(401);
	expect(await upload("sharded", CONTENT)).toMatchObject({ status: 409 });
	expect(await upload("nothing", CONTENT)).toMatchObject({ status: 404 });
});
