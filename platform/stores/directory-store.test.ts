import { createHash, randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import {
	existsSync,
	mkdtempSync,
	readdirSync,
	renameSync,
	rmSync,
	statSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyBetween } from "./copy-between.ts";
import { DirectoryStore, makeDirectoryStore } from "./directory-store.ts";
import type { SnapshotStore } from "./store.ts";

const KEY = "snapshots/one/0.rdb";
const CONTENT = randomBytes(300_000);
const WHOLE = { bytes: CONTENT.length, sha256: sha256(CONTENT) };

let parent: string;
let root: string;
let store: DirectoryStore;
beforeEach(async () => {
	parent = mkdtempSync(join(tmpdir(), "larder-store-"));
	root = join(parent, "store");
	await makeDirectoryStore(root);
	store = new DirectoryStore(root);
});
afterEach(() => rmSync(parent, { recursive: true }));

function sha256(content: Buffer): string {
	return createHash("sha256").update(content).digest("hex");
}

/** Content in chunks; breaks off after `breakAfter` bytes. */
async function* chunks(content: Buffer, breakAfter = Number.POSITIVE_INFINITY) {
	for (let at = 0; at < content.length; at += 65_536) {
		if (at >= breakAfter) throw new Error("the connection is lost");
		yield content.subarray(at, at + 65_536);
	}
}

const read = async (range = {}) => await buffer((await store.get(KEY, range)).content);
async function keysOf(prefix: string): Promise<string[]> {
	const keys = [];
	for await (const { key } of store.list(prefix)) keys.push(key);
	return keys;
}
const filesIn = () =>
	readdirSync(root, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile() && entry.name !== ".larder-store")
		.map(({ name }) => name);

it("returns what was put, whole or a range of it, from files that only this user can read", async () => {
	expect(await store.put(KEY, chunks(CONTENT))).toEqual(WHOLE);
	expect((await read()).equals(CONTENT)).toBe(true);
	expect((await read({ start: 5, end: 10 })).equals(CONTENT.subarray(5, 10))).toBe(true);
	expect((await read({ start: 299_990 })).equals(CONTENT.subarray(299_990))).toBe(true);
	expect((await read({ start: 300_000 })).length).toBe(0);
	expect(await store.stat(KEY)).toMatchObject({ bytes: CONTENT.length });
	expect(statSync(join(root, KEY)).mode & 0o777).toBe(0o600);
});

it("shows nothing of an unfinished put, and continues it where it broke off", async () => {
	await expect(store.put(KEY, chunks(CONTENT, 200_000))).rejects.toThrow("connection is lost");
	const received = await store.received(KEY);
	expect(received).toBe(262_144);
	expect(await store.stat(KEY)).toBeNull();
	expect(await keysOf("")).toEqual([]);
	await expect(store.get(KEY)).rejects.toMatchObject({ fault: "missing", retry: false });

	const rest = (from: number) => store.put(KEY, chunks(CONTENT.subarray(from)), { offset: from });
	await expect(rest(100_000)).rejects.toMatchObject({ fault: "conflict", received });
	expect(await rest(received)).toEqual(WHOLE);
	expect(await store.received(KEY)).toBe(0);
	expect((await read()).equals(CONTENT)).toBe(true);
});

it("replaces an object only by a whole one", async () => {
	await store.put(KEY, chunks(CONTENT));
	const other = randomBytes(200_000);
	await expect(store.put(KEY, chunks(other, 100_000))).rejects.toThrow();
	expect((await read()).equals(CONTENT)).toBe(true);
	await store.put(KEY, chunks(other));
	expect((await read()).equals(other)).toBe(true);
});

describe("content that isn't what was announced", () => {
	it("is discarded if its verification fails", async () => {
		const verify = () => {
			throw new Error("another checksum");
		};
		await expect(store.put(KEY, chunks(CONTENT), { verify })).rejects.toThrow("another checksum");
		expect(filesIn()).toEqual([]);
	});

	it("is discarded if it is longer, and can be continued if it is shorter", async () => {
		const put = (bytes: number) => store.put(KEY, chunks(CONTENT), { bytes });
		await expect(put(299_999)).rejects.toMatchObject({ fault: "damaged" });
		expect(filesIn()).toEqual([]);
		await expect(put(300_001)).rejects.toMatchObject({ fault: "incomplete", retry: true });
		expect(await store.received(KEY)).toBe(300_000);
	});
});

it("refuses a second put of an object that is being put", async () => {
	const gate = new EventEmitter();
	async function* slow() {
		const opened = once(gate, "open");
		yield CONTENT;
		await opened;
	}
	const first = store.put(KEY, slow());
	await expect.poll(() => store.received(KEY)).toBe(CONTENT.length);
	await expect(store.put(KEY, chunks(CONTENT))).rejects.toMatchObject({ fault: "conflict" });
	gate.emit("open");
	expect(await first).toEqual(WHOLE);
});

it("refuses at once what its disk has no room for", async () => {
	const put = store.put(KEY, chunks(CONTENT), { bytes: 2 ** 50 });
	await expect(put).rejects.toMatchObject({ fault: "full", retry: true });
	expect(filesIn()).toEqual([]);
});

it("lists by prefix, in order of keys, and copies and deletes", async () => {
	for (const key of ["a/2", "a/1", "a-b", "b/c/3"]) await store.put(key, chunks(CONTENT));
	expect(await keysOf("")).toEqual(["a-b", "a/1", "a/2", "b/c/3"]);
	expect(await keysOf("a/")).toEqual(["a/1", "a/2"]);
	expect(await keysOf("none/")).toEqual([]);
	await store.copy("b/c/3", KEY);
	expect((await read()).equals(CONTENT)).toBe(true);
	await store.delete("b/c/3");
	await store.delete("b/c/3");
	expect(existsSync(join(root, "b"))).toBe(false);
	await expect(store.copy("b/c/3", KEY)).rejects.toMatchObject({ fault: "missing" });
});

it("sweeps only what nobody has continued", async () => {
	for (const key of ["old", "new"]) {
		await expect(store.put(key, chunks(CONTENT, 70_000))).rejects.toThrow();
	}
	const [part] = readdirSync(join(root, ".unfinished"));
	utimesSync(join(root, ".unfinished", part ?? ""), 1_000, 1_000);
	await store.sweep(new Date(2_000_000));
	expect(readdirSync(join(root, ".unfinished"))).toHaveLength(1);
});

it("writes nothing where its disk isn't mounted", async () => {
	await store.check();
	expect(filesIn()).toEqual([]);
	renameSync(root, join(parent, "elsewhere"));
	await expect(store.put(KEY, chunks(CONTENT))).rejects.toMatchObject({ fault: "away" });
	expect(existsSync(root)).toBe(false);
	await expect(store.check()).rejects.toThrow("mount it");
});

it("closes what it was to be copied from, if the other store doesn't begin to take it", async () => {
	await store.put(KEY, chunks(CONTENT));
	let content: Readable | undefined;
	const source = {
		get: async (key: string) => {
			const got = await store.get(key);
			content = got.content;
			return got;
		},
	} as SnapshotStore;
	const away = new DirectoryStore(join(parent, "away"));
	const copy = copyBetween({ store: source, key: KEY }, { store: away, key: KEY });
	await expect(copy).rejects.toMatchObject({ fault: "away" });
	if (content?.closed === false) await once(content, "close");
	expect(content?.destroyed).toBe(true);
});

it("isn't begun anew where its disk goes while something is put or copied", async () => {
	await store.put("here", chunks(CONTENT));
	const elsewhere = join(parent, "elsewhere");
	async function* goingAway() {
		yield CONTENT.subarray(0, 100_000);
		renameSync(root, elsewhere);
		yield CONTENT.subarray(100_000);
	}
	await expect(store.put(KEY, goingAway())).rejects.toMatchObject({ fault: "away", retry: true });
	expect(existsSync(root)).toBe(false);
	renameSync(elsewhere, root);
	const goAway = () => renameSync(root, elsewhere);
	await expect(store.copy("here", KEY, goAway)).rejects.toMatchObject({ fault: "away" });
	expect(existsSync(root)).toBe(false);
	renameSync(elsewhere, root);
	expect(await store.put(KEY, chunks(CONTENT))).toEqual(WHOLE);
});

it("is only made in a directory without other files", async () => {
	await makeDirectoryStore(root);
	writeFileSync(join(parent, "letter.txt"), "");
	await expect(makeDirectoryStore(parent)).rejects.toMatchObject({ fault: "refused" });
	expect(existsSync(join(parent, ".larder-store"))).toBe(false);
});

it.each(["../out", "/etc/x", "a//b", ".unfinished/x", "a/..", "a b", "a\0"])(
	"refuses the key %j",
	async (key) => {
		await expect(store.put(key, chunks(CONTENT))).rejects.toThrow("isn't the key");
		await expect(store.get(key)).rejects.toThrow("isn't the key");
		await expect(store.delete(key)).rejects.toThrow("isn't the key");
	},
);
