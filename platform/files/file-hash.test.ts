import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FileHash, hashFile } from "./file-hash.ts";
import { FileWriter } from "./file-writer.ts";

const MIB = 1024 ** 2;
/** Hashed in a thread from 8 MiB on. */
const CONTENT = randomBytes(20 * MIB + 7);
const { signal } = new AbortController();

let directory: string;
beforeAll(() => {
	directory = mkdtempSync(join(tmpdir(), "larder-hash-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const sha256 = (content: Buffer) => createHash("sha256").update(content).digest("hex");

async function write(path: string, content: Buffer, use: (file: FileHandle) => Promise<void>) {
	const file = await open(path, "w+");
	try {
		await use(file);
		expect((await file.stat()).size).toBe(content.length);
	} finally {
		await file.close();
	}
}

it.each([0, 1, 100_000, CONTENT.length])(
	"%i bytes have their SHA-256 while and after they are written",
	async (size) => {
		const content = CONTENT.subarray(0, size);
		const path = join(directory, `${size}`);
		const hash = new FileHash(path);
		await write(path, content, async (file) => {
			const writer = new FileWriter(file, 0, (bytes) => hash.grow(bytes));
			for (let at = 0; at < size; at += 65_536)
				await writer.add(content.subarray(at, Math.min(size, at + 65_536)));
			await writer.settle();
			expect(writer.position).toBe(size);
		});
		expect(await hash.digest(size)).toBe(sha256(content));
		hash.close();
		expect(await hashFile(path, size, signal)).toBe(sha256(content));
	},
);

it("covers what an earlier attempt has written", async () => {
	const path = join(directory, "continued");
	writeFileSync(path, CONTENT.subarray(0, 9 * MIB));
	const hash = new FileHash(path);
	const file = await open(path, "r+");
	const writer = new FileWriter(file, 9 * MIB, (bytes) => hash.grow(bytes));
	await writer.add(CONTENT.subarray(9 * MIB));
	await writer.settle();
	await file.close();
	expect(await hash.digest(CONTENT.length)).toBe(sha256(CONTENT));
});

it("ends its thread with the file", async () => {
	const path = join(directory, "given-up");
	writeFileSync(path, CONTENT);
	const hash = new FileHash(path);
	hash.grow(CONTENT.length);
	hash.close();
	await expect(hash.digest(CONTENT.length)).rejects.toThrow("no longer written");
});

it("a file that can't be written says so, whatever follows", async () => {
	const path = join(directory, "read-only");
	writeFileSync(path, "");
	const file = await open(path, "r");
	const writer = new FileWriter(file, 0, () => undefined);
	await writer.add(Buffer.from("a"));
	await expect(writer.settle()).rejects.toThrow("EBADF");
	await expect(writer.settle()).rejects.toThrow("EBADF");
	await file.close();
});
