import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DAMAGES } from "../../platform/testing/damages.ts";
import { StartError } from "../platform/start-error.ts";
import { placeTestDatabase } from "../testing/test-resources.ts";
import { openEmbeddedDatabase } from "./embedded-database.ts";

let root: string;
let directory: string;
beforeEach(async () => {
	root = mkdtempSync(join(tmpdir(), "larder-embedded-"));
	directory = join(root, "database");
	await placeTestDatabase(directory);
});
afterEach(() => rm(root, { recursive: true }));

it.each([
	["pg_wal/000000010000000000000001", "missing"],
	["global/pg_filenode.map", "garbage"],
] as const)(
	"a database whose %s is %s is refused by PostgreSQL: the message says what to do, and nothing replaces the file",
	async (file, damage) => {
		const path = join(directory, file);
		DAMAGES[damage](path);
		const tables = readdirSync(join(directory, "base"));
		const opening = openEmbeddedDatabase(directory, root, () => {});
		await expect(opening).rejects.toThrow(StartError);
		await expect(opening).rejects.toThrow(/is damaged: .*larder restore <file> --replace/);
		expect(existsSync(path)).toBe(damage !== "missing");
		expect(readdirSync(join(directory, "base"))).toEqual(tables);
	},
);
