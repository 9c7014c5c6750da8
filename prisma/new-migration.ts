/**
 * `npm run db:migration -- <name>`: writes a new migration with the SQL that leads from the schema of the existing
 * migrations to `prisma/schema`.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFileIfExists } from "../platform/atomic-file.ts";
import { openEmbeddedDatabase } from "../server/data/embedded-database.ts";
import { diffSchemas } from "../server/data/migrate.ts";
import { MIGRATED_SCHEMA_FILE, MIGRATIONS_DIR, readSchema } from "./schema-files.ts";

const name = process.argv[2];
if (name === undefined || !/^[a-z0-9_]+$/.test(name)) {
	throw new Error("usage: npm run db:migration -- <name_in_snake_case>");
}
await mkdir(MIGRATIONS_DIR, { recursive: true });
await writeFile(join(MIGRATIONS_DIR, "migration_lock.toml"), 'provider = "postgresql"\n');

const directory = await mkdtemp(join(tmpdir(), "larder-migration-"));
const database = await openEmbeddedDatabase(join(directory, "database"), directory, (error) => {
	throw error;
});
try {
	const schema = await readSchema();
	const sql = await diffSchemas(database.url, await readFileIfExists(MIGRATED_SCHEMA_FILE), schema);
	if (/^(CREATE|ALTER|DROP)/m.test(sql)) {
		const stamp = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
		const target = join(MIGRATIONS_DIR, `${stamp}_${name}`);
		await mkdir(target);
		await writeFile(join(target, "migration.sql"), sql);
		await writeFile(MIGRATED_SCHEMA_FILE, schema);
		console.log(`wrote ${target}`);
	} else {
		console.log("nothing has changed since the newest migration");
	}
} finally {
	await database.stop();
	await rm(directory, { recursive: true, force: true });
}
