import {
	closeSync,
	mkdtempSync,
	openSync,
	readFileSync,
	rmSync,
	statSync,
	writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { boundLog } from "./bounded-log.ts";

let directory: string;
let path: string;
let writer: number;
beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), "larder-log-"));
	path = join(directory, "engine.log");
	writer = openSync(path, "a");
});
afterEach(() => {
	closeSync(writer);
	rmSync(directory, { recursive: true });
});

const LINE = `${"x".repeat(99)}\n`;

test("a log that a program keeps writing to stays within its bound, and the program goes on writing", async () => {
	for (let line = 0; line < 100; line++) {
		writeSync(writer, LINE);
		await boundLog(path, { maxBytes: 1_000, keep: true });
		expect(statSync(path).size).toBeLessThanOrEqual(1_000);
	}
	expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(1_100);
	expect(readFileSync(`${path}.1`, "utf8").startsWith(LINE)).toBe(true);
});

test("a log that grew far beyond its bound unnoticed is emptied without a copy", async () => {
	writeSync(writer, LINE.repeat(1_000));
	expect(await boundLog(path, { maxBytes: 1_000, keep: true })).toBe(true);
	expect(statSync(path).size).toBe(0);
	expect(() => statSync(`${path}.1`)).toThrow();
});

test("a small log and a missing one are left alone", async () => {
	writeSync(writer, LINE);
	expect(await boundLog(path, { maxBytes: 1_000, keep: true })).toBe(false);
	expect(await boundLog(`${path}.none`, { maxBytes: 1_000, keep: true })).toBe(false);
	expect(readFileSync(path, "utf8")).toBe(LINE);
});
