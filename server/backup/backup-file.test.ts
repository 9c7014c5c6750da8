import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readBackupFile, writeBackupFile } from "./backup-file.ts";

// Deriving a passphrase's key takes half a second each time, on purpose.
vi.setConfig({ testTimeout: 60_000 });

let directory: string;
let file: string;
beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), "larder-backup-file-"));
	file = join(directory, "a.backup");
});
afterEach(() => rmSync(directory, { recursive: true }));

const LINES = Array.from({ length: 5_000 }, (_, index) => `{"line":${index},"text":"čaj ☕"}`);

async function write(passphrase: string | null) {
	await writeBackupFile(file, passphrase, {
		secretKey: "the key",
		async dump(take) {
			for (const line of LINES) await take(`${line}\n`);
		},
	});
}

const read = (passphrase: string | null) =>
	readBackupFile(file, passphrase, async ({ secretKey, dump }) => {
		const lines = [];
		for await (const line of dump) lines.push(line);
		return { secretKey, lines };
	});

describe.each([null, "correct horse battery"])("with the passphrase %s", (passphrase) => {
	it("returns what was written, from a file that only this user can read", async () => {
		await write(passphrase);
		expect(await read(passphrase)).toEqual({ secretKey: "the key", lines: LINES });
		expect(statSync(file).mode & 0o777).toBe(0o600);
	});

	it("is refused if any byte differs, or if it is truncated", async () => {
		await write(passphrase);
		const whole = readFileSync(file);
		for (const at of [0, whole.length >> 1, whole.length - 1]) {
			const changed = Buffer.from(whole);
			changed[at] = (changed[at] ?? 0) ^ 1;
			writeFileSync(file, changed);
			await expect(read(passphrase), `byte ${at}`).rejects.toThrow(/backup|passphrase/);
		}
		for (const length of [0, whole.indexOf("\n") + 1, whole.length - 1]) {
			writeFileSync(file, whole.subarray(0, length));
			await expect(read(passphrase), `${length} bytes`).rejects.toThrow(/backup/);
		}
	});

	it("leaves nothing behind when its content fails", async () => {
		const failing = writeBackupFile(file, passphrase, {
			secretKey: "the key",
			async dump(take) {
				await take(`${"x".repeat(1_000_000)}\n`);
				throw new Error("the database is gone");
			},
		});
		await expect(failing).rejects.toThrow("the database is gone");
		expect(readdirSync(directory)).toEqual([]);
	});
});

it("distinguishes a wrong or missing passphrase from damage", async () => {
	await write("correct horse battery");
	await expect(read("correct horse batterz")).rejects.toThrow("The passphrase isn't the right one");
	await expect(read(null)).rejects.toThrow("Give its passphrase");
});

it("reveals nothing of its content if it has a passphrase", async () => {
	await write("correct horse battery");
	const bytes = readFileSync(file);
	expect(bytes.includes("the key")).toBe(false);
	expect(bytes.includes("1f8b0800", 0, "hex")).toBe(false);
});
