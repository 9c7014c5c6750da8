import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { migrationNames } from "../server/data/migrate.ts";

it("has a migration for every change of the schema", async () => {
	const directory = join(import.meta.dirname, "migrations");
	const newest = (await migrationNames(directory)).at(-1) ?? "";
	const migrated = readFileSync(join(directory, newest, "schema.prisma"), "utf8");
	// Differs? Then: npm run db:migration -- <name>
	expect(readFileSync(join(import.meta.dirname, "schema.prisma"), "utf8")).toBe(migrated);
});
