import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { damagedText, inspectDataDir } from "./inspect-data-dir.ts";

const FILES = {
	PG_VERSION: "18\n",
	"global/pg_control": Buffer.alloc(8_192, 7),
	"global/pg_filenode.map": Buffer.alloc(524, 7),
	"base/5/1259": "rows",
	"pg_wal/000000010000000000000001": "log",
	"pg_xact/0000": "commits",
};

let root: string;
let directory: string;
beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), "larder-data-"));
	directory = join(root, "database");
	for (const [path, content] of Object.entries(FILES)) {
		mkdirSync(dirname(join(directory, path)), { recursive: true });
		writeFileSync(join(directory, path), content);
	}
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
])("a database without %s is damaged, not absent: nothing may be made over it", (path) => {
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

test("a control file that was cut is named", () => {
	truncateSync(join(directory, "global/pg_control"), 4_096);
	const what = `${join(directory, "global/pg_control")} is truncated or empty`;
	expect(inspectDataDir(directory)).toEqual({ kind: "damaged", what });
});
