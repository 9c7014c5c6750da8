import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createSecretBox, equalHex, loadSecretKey, readOrCreate, sha256Hex } from "./secrets.ts";

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

it("makes a key file once, for its owner alone", () => {
	const directory = mkdtempSync(join(tmpdir(), "larder-secrets-"));
	try {
		const file = join(directory, "secret.key");
		expect(loadSecretKey(file).equals(loadSecretKey(file))).toBe(true);
		expect(statSync(file).mode & 0o777).toBe(0o600);
		const damaged = join(directory, "damaged.key");
		readOrCreate(damaged, () => "short");
		expect(() => loadSecretKey(damaged)).toThrow(/restore it from a backup/);
	} finally {
		rmSync(directory, { recursive: true });
	}
});

it("compares hashes of any length", () => {
	expect(equalHex(sha256Hex("a"), sha256Hex("a"))).toBe(true);
	expect(equalHex(sha256Hex("a"), sha256Hex("b"))).toBe(false);
	expect(equalHex(sha256Hex("a"), "")).toBe(false);
});
