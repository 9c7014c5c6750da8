import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkRdbChecksum, updateCrc64 } from "./rdb-checksum.ts";

let directory: string;
beforeAll(() => {
	directory = mkdtempSync(join(tmpdir(), "larder-crc-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

it("is the engines' CRC-64", () => {
	const crc = { high: 0, low: 0 };
	updateCrc64(crc, Buffer.from("1234"));
	updateCrc64(crc, Buffer.from("56789"));
	expect(crc).toEqual({ high: 0xe9c6d914, low: 0xc4b8d9ca });
});

/** What Redis 7 writes for an empty database with `rdb-save-incremental-fsync` off and no auxiliary fields. */
const EMPTY = Buffer.from("524544495330303131ff", "hex");
function withChecksum(body: Buffer): Buffer {
	const crc = { high: 0, low: 0 };
	updateCrc64(crc, body);
	const end = Buffer.alloc(8);
	end.writeUInt32LE(crc.low, 0);
	end.writeUInt32LE(crc.high, 4);
	return Buffer.concat([body, end]);
}
function check(content: Buffer): void {
	const path = join(directory, "dump.rdb");
	writeFileSync(path, content);
	checkRdbChecksum(path);
}

it("accepts whole files, and those without a checksum", () => {
	check(withChecksum(EMPTY));
	check(Buffer.concat([EMPTY, Buffer.alloc(8)]));
});

it("refuses a file with any bit flipped, and a truncated one", () => {
	const whole = withChecksum(EMPTY);
	for (let at = 0; at < whole.length; at += 1) {
		const changed = Buffer.from(whole);
		changed[at] = (changed[at] ?? 0) ^ 4;
		expect(() => check(changed), `byte ${at}`).toThrow("checksum doesn't match");
	}
	for (const length of [0, 7, 15, whole.length - 1]) {
		expect(() => check(whole.subarray(0, length)), `${length} bytes`).toThrow(
			/too short|checksum doesn't match/,
		);
	}
});
