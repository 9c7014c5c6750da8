import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSecretBox, equalHex, loadSecretKey, sha256Hex } from "./secrets.ts";

it("opens what it sealed, under the same key and context only", () => {
	const box = createSecretBox(randomBytes(32));
	const sealed = box.seal("päss", "cache:1:client");
	expect(sealed).not.toContain("päss");
	expect(box.open(sealed, "cache:1:client")).toBe("päss");
	expect(() => box.open(sealed, "cache:2:client")).toThrow();
	expect(() => createSecretBox(randomBytes(32)).open(sealed, "cache:1:client")).toThrow();
	const damaged = Buffer.from(sealed, "base64");
	damaged[damaged.length - 1] = (damaged[damaged.length - 1] ?? 0) ^ 1;
	expect(() => box.open(damaged.toString("base64"), "cache:1:client")).toThrow();
	expect(box.seal("päss", "x")).not.toBe(box.seal("päss", "x"));
});

/** Damaged key files: testing/damaged-files.test.ts. */
describe("the key file", () => {
	let directory: string;
	let file: string;
	beforeEach(() => {
		directory = mkdtempSync(join(tmpdir(), "larder-secrets-"));
		file = join(directory, "secret.key");
	});
	afterEach(() => rmSync(directory, { recursive: true }));

	const NEW = { isNew: true, sealed: null };
	const USED = { isNew: false, sealed: null };

	it("makes one key for a new database, which only its owner can read", () => {
		const key = loadSecretKey(file, NEW);
		expect(loadSecretKey(file, NEW)).toEqual(key);
		expect(loadSecretKey(file, USED)).toEqual(key);
		expect(statSync(file).mode & 0o777).toBe(0o600);
	});

	it("refuses an intact key that is another database's", () => {
		const text = createSecretBox(loadSecretKey(file, NEW)).seal("secret", "cache:1:system");
		const database = { isNew: false, sealed: { text, context: "cache:1:system" } };
		expect(() => loadSecretKey(file, database)).not.toThrow();
		writeFileSync(file, randomBytes(32).toString("base64"));
		expect(() => loadSecretKey(file, database)).toThrow(/isn't the key of this database/);
	});
});

it("compares hashes of any length", () => {
	expect(equalHex(sha256Hex("a"), sha256Hex("a"))).toBe(true);
	expect(equalHex(sha256Hex("a"), sha256Hex("b"))).toBe(false);
	expect(equalHex(sha256Hex("a"), "")).toBe(false);
});
