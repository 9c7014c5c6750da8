import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeDataDir } from "../testing/data-dir-files.ts";
import { damagedText, inspectDataDir } from "./inspect-data-dir.ts";

let root: string;
let directory: string;
beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), "larder-data-"));
	directory = join(root, "database");
	writeDataDir(directory);
});
afterEach(() => rmSync(root, { recursive: true }));

test("a directory that is missing or empty counts as absent", () => {
	expect(inspectDataDir(directory)).toEqual({ kind: "whole" });
	rmSync(directory, { recursive: true });
	expect(inspectDataDir(directory)).toEqual({ kind: "absent" });
	mkdirSync(directory);
	expect(inspectDataDir(directory)).toEqual({ kind: "absent" });
});

test.each([
	"PG_VERSION",
	"global/pg_control",
	"global/pg_filenode.map",
	"base",
	"pg_wal",
	"pg_xact",
])("a database without %s is damaged, not absent: nothing may be created in its place", (path) => {
	rmSync(join(directory, path), { recursive: true });
	const what = `${join(directory, path)} is missing`;
	expect(inspectDataDir(directory)).toEqual({ kind: "damaged", what });
	expect(damagedText(directory, what)).toContain("larder restore <file> --replace");
});

test.each(["PG_VERSION", "global/pg_control", "global/pg_filenode.map"])(
	"a database whose %s is empty is damaged",
	(path) => {
		truncateSync(join(directory, path), 0);
		expect(inspectDataDir(directory)).toMatchObject({ kind: "damaged" });
	},
);

test("a database whose PG_VERSION holds garbage is damaged", () => {
	writeFileSync(join(directory, "PG_VERSION"), Buffer.from([0, 255, 123, 34]));
	expect(inspectDataDir(directory)).toMatchObject({ kind: "damaged" });
});

test("a control file that has the right size but holds garbage is named", () => {
	const path = join(directory, "global/pg_control");
	writeFileSync(path, Buffer.alloc(8_192, 0xa5));
	const what = `${path} is truncated, empty or garbled`;
	expect(inspectDataDir(directory)).toEqual({ kind: "damaged", what });
});

test("a control file that was truncated is named", () => {
	truncateSync(join(directory, "global/pg_control"), 4_096);
	const what = `${join(directory, "global/pg_control")} is truncated, empty or garbled`;
	expect(inspectDataDir(directory)).toEqual({ kind: "damaged", what });
});
