import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DirectoryStore, makeDirectoryStore } from "../directory-store.ts";
import { SEALED_CHUNK_BYTES } from "./age-payload.ts";
import { EncryptedStore } from "./encrypted-store.ts";

const KEY = "snapshots/one/0.rdb";
const CHUNK = 65_536;
/** Around the ends of chunks. */
const SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 200_000];
const CONTENT = randomBytes(200_000);

let root: string;
let identity: string;
let store: EncryptedStore;
beforeEach(async () => {
	root = mkdtempSync(join(tmpdir(), "larder-age-"));
	await makeDirectoryStore(root);
	identity = await generateX25519Identity();
	store = new EncryptedStore(new DirectoryStore(root), identity);
});
afterEach(() => rmSync(root, { recursive: true }));

const fileOf = () => join(root, `${KEY}.age`);
const put = (content: Buffer) =>
	store.put(KEY, Readable.from(content.length === 0 ? [] : [content]), { bytes: content.length });
const read = async (range = {}) => await buffer((await store.get(KEY, range)).content);

it.each(SIZES)("%i bytes come back, and any age program can open the file", async (size) => {
	const content = randomBytes(size);
	const sha256 = createHash("sha256").update(content).digest("hex");
	expect(await put(content)).toEqual({ bytes: size, sha256 });
	expect((await read()).equals(content)).toBe(true);
	expect(await store.stat(KEY)).toMatchObject({ bytes: size });
	const decrypter = new Decrypter();
	decrypter.addIdentity(identity);
	expect(content.equals(await decrypter.decrypt(readFileSync(fileOf())))).toBe(true);
});

it("opens what another age program has encrypted", async () => {
	await put(CONTENT);
	const encrypter = new Encrypter();
	encrypter.addRecipient(await identityToRecipient(identity));
	writeFileSync(fileOf(), await encrypter.encrypt(CONTENT.subarray(7)));
	expect((await read()).equals(CONTENT.subarray(7))).toBe(true);
});

it("returns any range without reading what is before", async () => {
	await put(CONTENT);
	for (const [start, end] of [
		[0, 10],
		[CHUNK - 3, CHUNK + 3],
		[CHUNK, 2 * CHUNK],
		[150_000, undefined],
		[199_999, 300_000],
	] as const) {
		const range = end === undefined ? { start } : { start, end };
		expect((await read(range)).equals(CONTENT.subarray(start, end)), `${start}`).toBe(true);
	}
	expect((await read({ start: 200_000 })).length).toBe(0);
});

it("reveals nothing of the content", async () => {
	await put(Buffer.from("a value that nobody should see"));
	expect(readFileSync(fileOf()).includes("nobody")).toBe(false);
});

it("lists and deletes under the plain keys, and begins a broken put again", async () => {
	await put(CONTENT);
	const keys = [];
	for await (const { key } of store.list("snapshots/")) keys.push(key);
	expect(keys).toEqual([KEY]);
	await store.copy(KEY, "copy", ({ bytes, sha256 }) => {
		expect(bytes).toBe(CONTENT.length);
		if (sha256 !== createHash("sha256").update(CONTENT).digest("hex")) throw new Error(sha256);
	});
	const refuse = () => {
		throw new Error("another content");
	};
	await expect(store.copy(KEY, "refused", refuse)).rejects.toThrow("another content");
	expect(await store.stat("refused")).toBeNull();
	await store.delete(KEY);
	expect(await store.stat(KEY)).toBeNull();
	expect(await store.stat("copy")).toMatchObject({ bytes: CONTENT.length });
	await expect(store.put(KEY, Readable.from([CONTENT]), { offset: 5 })).rejects.toMatchObject({
		...{ fault: "conflict", received: 0 },
	});
	await store.check();
});

describe("is refused", () => {
	beforeEach(() => put(CONTENT));
	const refused = () =>
		expect(read(), "the content").rejects.toMatchObject({ fault: "damaged", retry: false });

	it("if any byte differs", async () => {
		const whole = readFileSync(fileOf());
		for (const at of [0, 30, 150, 250, whole.length >> 1, whole.length - 1]) {
			const changed = Buffer.from(whole);
			changed[at] = (changed[at] ?? 0) ^ 1;
			writeFileSync(fileOf(), changed);
			await refused();
		}
	});

	it("if it is cut off anywhere, even between two chunks", async () => {
		const { length } = readFileSync(fileOf());
		const lastChunk = (length - 232) % SEALED_CHUNK_BYTES;
		for (const left of [length - 1, length - lastChunk, 300, 100, 0]) {
			truncateSync(fileOf(), left);
			await refused();
		}
	});

	it("if two chunks changed places", async () => {
		const whole = readFileSync(fileOf());
		const at = whole.length - (CONTENT.length + 4 * 16);
		const [a, b] = [0, 1].map((index) =>
			Buffer.from(
				whole.subarray(at + index * SEALED_CHUNK_BYTES, at + (index + 1) * SEALED_CHUNK_BYTES),
			),
		);
		b?.copy(whole, at);
		a?.copy(whole, at + SEALED_CHUNK_BYTES);
		writeFileSync(fileOf(), whole);
		await refused();
	});

	it("by another identity", async () => {
		store = new EncryptedStore(new DirectoryStore(root), await generateX25519Identity());
		await refused();
	});
});

it("discards content that is refused", async () => {
	const verify = () => {
		throw new Error("another checksum");
	};
	await expect(store.put(KEY, Readable.from([CONTENT]), { verify })).rejects.toThrow("another");
	expect(await store.stat(KEY)).toBeNull();
});
