import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Fault, TestBucket } from "../../testing/test-bucket.ts";
import type { SnapshotStore } from "../store.ts";
import { S3Bucket, type S3Settings } from "./s3-bucket.ts";
import { S3Store } from "./s3-store.ts";

const MIB = 1024 ** 2;
const PART = 8 * MIB;
/** Two parts and a bit. */
const CONTENT = randomBytes(2 * PART + 1_000);
const BYTES = CONTENT.length;
const WHOLE = { bytes: BYTES, sha256: createHash("sha256").update(CONTENT).digest("hex") };
const KEY = "snapshots/one/0.rdb";
/** Longer than the server takes to join parts on a busy machine. */
const SILENCE_MS = 2_000;

let bucket: TestBucket;
let store: SnapshotStore;
beforeAll(async () => {
	bucket = await TestBucket.start();
});
beforeEach(async () => {
	store = await storeWith({});
});
afterEach(async () => {
	bucket.fault = () => null;
	await store.delete(KEY);
});
afterAll(() => bucket?.close());

async function storeWith(settings: Partial<S3Settings>): Promise<SnapshotStore> {
	const all = { ...bucket.settings, ...settings };
	return new S3Store(await S3Bucket.open(all, { silenceTimeoutMs: SILENCE_MS }));
}

async function* chunks(content: Buffer, breakAfter = Number.POSITIVE_INFINITY) {
	for (let at = 0; at < content.length; at += MIB) {
		if (at >= breakAfter) throw new Error("the connection is lost");
		yield content.subarray(at, at + MIB);
	}
}

const putAll = () => store.put(KEY, chunks(CONTENT), { bytes: BYTES });
const read = async (range = {}) => await buffer((await store.get(KEY, range)).content);
const isPart = (method: string, url: URL) => method === "PUT" && url.searchParams.has("partNumber");

it("returns what was put, in parts or at once, whole or a range of it", async () => {
	expect(await putAll()).toEqual(WHOLE);
	expect((await read()).equals(CONTENT)).toBe(true);
	expect((await read({ start: PART - 5, end: PART + 5 })).length).toBe(10);
	expect((await read({ start: BYTES - 7 })).equals(CONTENT.subarray(-7))).toBe(true);
	expect((await read({ start: BYTES })).length).toBe(0);
	expect(await store.stat(KEY)).toMatchObject({ bytes: BYTES });
	expect(bucket.uploads()).toEqual([]);
	for (const content of [Buffer.from("small"), Buffer.alloc(0)]) {
		await store.put(KEY, chunks(content));
		expect((await read()).equals(content)).toBe(true);
	}
});

it("lists, copies, deletes, and finds nothing that isn't there", async () => {
	for (const key of ["a/1", "a/2", "b/1"]) await store.put(key, chunks(Buffer.from(key)));
	await store.copy("a/2", "a/3");
	await store.delete("a/1");
	await store.delete("a/1");
	const keys = [];
	for await (const { key, bytes } of store.list("a/")) keys.push([key, bytes]);
	expect(keys).toEqual([
		["a/2", 3],
		["a/3", 3],
	]);
	expect(await store.stat("a/1")).toBeNull();
	await expect(store.get("a/1")).rejects.toMatchObject({ fault: "missing" });
	await expect(store.copy("a/1", "a/4")).rejects.toMatchObject({ fault: "missing" });
	await store.check();
});

it("continues a put that broke off, and shows nothing of it before", async () => {
	await expect(store.put(KEY, chunks(CONTENT, PART + MIB), { bytes: BYTES })).rejects.toThrow(
		"connection is lost",
	);
	expect(await store.stat(KEY)).toBeNull();
	// Another process continues: the bucket itself remembers.
	store = await storeWith({});
	const received = await store.received(KEY);
	expect(received).toBe(PART);
	const rest = (offset: number) =>
		store.put(KEY, chunks(CONTENT.subarray(offset)), { offset, bytes: BYTES });
	await expect(rest(5)).rejects.toMatchObject({ fault: "conflict", received });
	expect(await rest(received)).toEqual(WHOLE);
	expect((await read()).equals(CONTENT)).toBe(true);
	expect(bucket.uploads()).toEqual([]);
});

it("discards content that is refused, also when a part of it was sent before", async () => {
	const verify = () => {
		throw new Error("another checksum");
	};
	const put = store.put(KEY, chunks(CONTENT), { bytes: BYTES, verify });
	await expect(put).rejects.toThrow("another checksum");
	await expect(store.put(KEY, chunks(CONTENT, PART + MIB), { bytes: BYTES })).rejects.toThrow();
	const rest = store.put(KEY, chunks(CONTENT.subarray(PART)), { offset: PART, verify });
	await expect(rest).rejects.toThrow("another checksum");
	expect(await store.stat(KEY)).toBeNull();
	expect(bucket.uploads()).toEqual([]);
});

it("a new put, a deletion and a sweep abort what an unfinished put has left", async () => {
	const half = () =>
		expect(store.put(KEY, chunks(CONTENT, PART + MIB), { bytes: BYTES })).rejects.toThrow();
	await half();
	await half();
	expect(bucket.uploads()).toHaveLength(1);
	await store.sweep(new Date(Date.now() - 60_000));
	expect(bucket.uploads()).toHaveLength(1);
	await store.sweep(new Date(Date.now() + 60_000));
	expect(bucket.uploads()).toEqual([]);
	await half();
	await store.delete(KEY);
	expect(bucket.uploads()).toEqual([]);
});

it("a part that fails while the content is slow fails the put, and nothing else", async () => {
	const isSecond = (url: URL) => url.searchParams.get("partNumber") === "2";
	bucket.fault = ({ method, url }) =>
		isPart(method, url) && isSecond(url)
			? { kind: "status", status: 403, code: "AccessDenied" }
			: null;
	const began = bucket.requests.length;
	async function* slowly() {
		yield CONTENT.subarray(0, 2 * PART);
		await vi.waitFor(() => expect(bucket.requests.slice(began).join()).toContain("partNumber=2"));
		// Until the answer has arrived as well.
		await delay(100);
		yield CONTENT.subarray(2 * PART);
	}
	const put = store.put(KEY, slowly(), { bytes: BYTES });
	await expect(put).rejects.toMatchObject({ fault: "refused" });
	expect(await store.stat(KEY)).toBeNull();
});

describe("a bucket that misbehaves", () => {
	const DOWN: Fault = { kind: "status", status: 500, code: "InternalError" };

	it.each<Fault>([DOWN, { kind: "silence" }, { kind: "cut" }])(
		"for a moment goes unnoticed: $kind",
		async (fault) => {
			let times = 0;
			bucket.fault = ({ method, url }) => (isPart(method, url) && times++ % 2 === 0 ? fault : null);
			expect(await putAll()).toEqual(WHOLE);
			expect(times).toBeGreaterThan(3);
		},
	);

	it("for long is away, and takes the rest afterward", async () => {
		bucket.fault = ({ url }) => (url.searchParams.get("partNumber") === "2" ? DOWN : null);
		await expect(putAll()).rejects.toMatchObject({ fault: "away", retry: true });
		bucket.fault = () => null;
		const offset = await store.received(KEY);
		expect(offset).toBe(PART);
		const rest = store.put(KEY, chunks(CONTENT.subarray(offset)), { offset, bytes: BYTES });
		expect(await rest).toEqual(WHOLE);
	});

	it("when the upload should be completed can be completed later", async () => {
		let begun = false;
		bucket.fault = ({ method, url }) => {
			if (method !== "POST") return null;
			if (url.searchParams.has("uploads")) begun = true;
			return begun && url.searchParams.has("uploadId") ? DOWN : null;
		};
		await expect(putAll()).rejects.toMatchObject({ fault: "away" });
		bucket.fault = () => null;
		expect(await store.received(KEY)).toBe(BYTES);
		const rest = store.put(KEY, chunks(Buffer.alloc(0)), { offset: BYTES, bytes: BYTES });
		expect(await rest).toEqual(WHOLE);
	});

	it("by confirming another checksum isn't believed", async () => {
		bucket.fault = ({ method }) => (method === "PUT" ? { kind: "checksum" } : null);
		await expect(putAll()).rejects.toMatchObject({ fault: "damaged", retry: false });
		expect(bucket.uploads()).toEqual([]);
		const small = store.put(KEY, chunks(Buffer.from("small")));
		await expect(small).rejects.toMatchObject({ fault: "damaged" });
		expect(await store.stat(KEY)).toBeNull();
	});

	it("by changing what it stored fails its check", async () => {
		bucket.fault = ({ method, url }) => {
			if (method !== "GET" || url.searchParams.has("uploads")) return null;
			const file = bucket.fileOf(url.pathname.slice("/larder/larder/".length));
			const content = readFileSync(file);
			content[0] = (content[0] ?? 0) ^ 1;
			writeFileSync(file, content);
			return null;
		};
		await expect(store.check()).rejects.toMatchObject({ fault: "damaged" });
	});
});

describe("says what is wrong with the settings", () => {
	it.each<[string, Partial<S3Settings>]>([
		["bucket", { bucket: "nothing-here" }],
		["secret", { credentials: { accessKeyId: "S3RVER", secretAccessKey: "wrong" } }],
		["key", { credentials: { accessKeyId: "nobody", secretAccessKey: "S3RVER" } }],
	])("%s", async (_what, settings) => {
		const wrong = await storeWith(settings);
		await expect(wrong.check()).rejects.toMatchObject({ fault: "refused", retry: false });
	});

	it("endpoint", async () => {
		const wrong = await storeWith({ endpoint: "http://127.0.0.1:1" });
		await expect(wrong.check()).rejects.toMatchObject({ fault: "away", retry: true });
	});
});
