import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type LarderHome, openHome } from "../../platform/home.ts";
import { acquireLock } from "../../platform/process-lock.ts";
import { DAMAGES, type Damage } from "../../platform/testing/damages.ts";
import { removeDirectory } from "../../platform/testing/owned-directory.ts";
import { makeUglyDirectory } from "../../platform/testing/ugly-directory.ts";
import { damagedText, inspectDataDir } from "../data/inspect-data-dir.ts";
import { loadSecretKey, readOrReplaceSecret } from "../platform/secrets.ts";
import { StartError } from "../platform/start-error.ts";
import { writeDataDir } from "./data-dir-files.ts";

let home: LarderHome;
beforeEach(() => {
	home = openHome({ NODE_ENV: "test", LARDER_HOME: makeUglyDirectory("larder-damaged") });
});
afterEach(() => removeDirectory(home.root));

/** A file in the home, and what a starting control plane makes of it: it recovers, or says which file and what to do. */
interface Row {
	file: string;
	make(path: string): void;
	check(damage: Damage, path: string): void;
}

const ROWS: readonly Row[] = [
	...["run/up.lock", "run/control-plane.lock"].map((file) => ({
		file,
		make: (path: string) => writeFileSync(path, JSON.stringify({ identity: {}, note: "" })),
		check: (_: Damage, path: string) => acquireLock(path, "the next start").release(),
	})),
	{
		file: "admin-token",
		make: (path) => readOrReplaceSecret(path, "larder_"),
		check: (_, path) => requireNewSecret(path, "larder_"),
	},
	{
		file: "run/setup-token",
		make: (path) => readOrReplaceSecret(path),
		check: (_, path) => requireNewSecret(path, ""),
	},
	{
		file: "secret.key",
		make: (path) => loadSecretKey(path, { isNew: true, sealed: null }),
		check(damage, path) {
			const load = () => loadSecretKey(path, { isNew: false, sealed: null });
			expect(load).toThrow(StartError);
			expect(load).toThrow(/secret\.key is (missing|damaged).*larder restore <file> --replace/);
			expect(existsSync(path)).toBe(damage !== "missing");
		},
	},
	...["PG_VERSION", "global/pg_control"].map((file) => ({
		file: `database/${file}`,
		make: makeDatabase,
		check: requireRefused,
	})),
];

/** Makes a directory with the files that are checked before PostgreSQL opens it. */
function makeDatabase(): void {
	writeDataDir(home.databaseDir);
	expect(inspectDataDir(home.databaseDir)).toEqual({ kind: "whole" });
}

function requireNewSecret(path: string, prefix: string): void {
	const secret = readOrReplaceSecret(path, prefix);
	expect(secret).toMatch(new RegExp(`^${prefix}[A-Za-z0-9_-]{43}$`));
	expect(readFileSync(path, "utf8").trim()).toBe(secret);
}

/** Refused before anything is written; data/embedded-database.int.test.ts tests what PostgreSQL itself finds. */
function requireRefused(_: Damage, path: string): void {
	const found = inspectDataDir(home.databaseDir);
	if (found.kind !== "damaged") throw new Error(`the database counts as ${found.kind}`);
	expect(found.what).toContain(path);
	expect(damagedText(home.databaseDir, found.what)).toContain("larder restore <file> --replace");
}

describe.each(ROWS)("$file", ({ file, make, check }) => {
	test.each(Object.keys(DAMAGES) as Damage[])("%s", (damage) => {
		const path = join(home.root, file);
		make(path);
		DAMAGES[damage](path);
		check(damage, path);
	});
});
