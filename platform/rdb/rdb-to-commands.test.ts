import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keySlot } from "./key-slot.ts";
import { type Crc64, updateCrc64 } from "./rdb-checksum.ts";
import { translateRdb } from "./rdb-to-commands.ts";

let directory: string;
beforeAll(() => {
	directory = mkdtempSync(join(tmpdir(), "larder-translate-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
const expiry = Buffer.alloc(9);
expiry[0] = 252;
expiry.writeBigUInt64LE(1_900_000_000_000n, 1);
/** Longer than a piece, with a length of four bytes. */
const large = "x".repeat(600_000);
const FILE = Buffer.concat([
	...[Buffer.from("REDIS0011"), Buffer.of(254, 0)],
	...[Buffer.of(0), text("plain"), text("value")],
	...[expiry, Buffer.of(0), text("expiring"), text("v")],
	...[Buffer.of(254, 3), Buffer.of(0), text("large")],
	...[Buffer.of(0x80, 0, 9, 0x27, 0xc0), Buffer.from(large)],
	// The number 12, as one byte.
	...[Buffer.of(0), text("number"), Buffer.of(0xc0, 12)],
	...[Buffer.of(255), Buffer.alloc(8)],
]);

function translate(slots: Uint8Array | null) {
	const path = join(directory, "dump.rdb");
	writeFileSync(path, FILE);
	let [all, commands, keys] = ["", 0, 0];
	translateRdb(path, {
		...{ slots, libraries: true, awaitMore: null },
		onPiece: (piece, count, read) => {
			all += Buffer.from(piece).toString("latin1");
			commands += count;
			keys = read;
		},
	});
	return { all, commands, keys };
}

const resp = (...args: string[]) =>
	`*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`;

/** As DUMP writes a value: with the format and a checksum. */
function dumpOf(value: Buffer): string {
	const dump = Buffer.concat([value, Buffer.of(11, 0), Buffer.alloc(8)]);
	const crc: Crc64 = { high: 0, low: 0 };
	updateCrc64(crc, dump, 0, dump.length - 8);
	dump.writeUInt32LE(crc.low, dump.length - 8);
	dump.writeUInt32LE(crc.high, dump.length - 4);
	return dump.toString("latin1");
}

test("each key becomes a command that an engine takes, and plain strings go by SET", () => {
	const { all, commands, keys } = translate(null);
	const expected = [
		...[resp("SET", "plain", "value"), resp("SET", "expiring", "v", "PXAT", "1900000000000")],
		...[resp("SELECT", "3"), resp("SET", "large", large)],
		resp("RESTORE", "number", "0", dumpOf(Buffer.of(0, 0xc0, 12)), "REPLACE", "ABSTTL"),
	].join("");
	expect(all === expected, all.slice(-200)).toBe(true);
	expect({ commands, keys }).toEqual({ commands: 5, keys: 4 });
});

test("keys of other slots are passed over, and counted", () => {
	const slots = new Uint8Array(16_384);
	slots[keySlot(Buffer.from("plain"))] = 1;
	const { all, commands, keys } = translate(slots);
	expect(all).toBe(resp("SET", "plain", "value"));
	expect({ commands, keys }).toEqual({ commands: 1, keys: 4 });
});
