import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { MIGRATED_SCHEMA_FILE, readSchema } from "./schema-files.ts";

it("has a migration for every change of the schema, comments aside", async () => {
	const migrated = await readFile(MIGRATED_SCHEMA_FILE, "utf8");
	// Differs? Then: npm run db:migration -- <name>
	expect(withoutComments(await readSchema())).toBe(withoutComments(migrated));
});

/** Comment lines need no migration. */
function withoutComments(schema: string): string {
	return schema.replace(/^\s*\/\/.*\n/gm, "");
}
