/**
 * `npm run db:migration -- <name>`: writes the SQL between the newest migration and schema.prisma as a new migration,
 * beside a copy of the schema that it leads to, which the next one starts from.
 */
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedDatabase } from "../server/data/embedded-database.ts";
import { diffSchemas, migrationNames } from "../server/data/migrate.ts";

const name = process.argv[2];
if (name === undefined || !/^[a-z0-9_]+$/.test(name)) {
	throw new Error("usage: npm run db:migration -- <name_in_snake_case>");
}
const migrationsDir = join(import.meta.dirname, "migrations");
const schemaFile = join(import.meta.dirname, "schema.prisma");
await mkdir(migrationsDir, { recursive: true });
await writeFile(join(migrationsDir, "migration_lock.toml"), 'provider = "postgresql"\n');
const newest = (await migrationNames(migrationsDir)).at(-1);

const directory = await mkdtemp(join(tmpdir(), "larder-migration-"));
const database = await openEmbeddedDatabase(join(directory, "database"), directory, (error) => {
	throw error;
});
try {
	const sql = await diffSchemas(
		database.url,
		newest === undefined
			? null
			: await readFile(join(migrationsDir, newest, "schema.prisma"), "utf8"),
		await readFile(schemaFile, "utf8"),
	);
	if (/^(CREATE|ALTER|DROP)/m.test(sql)) {
		const stamp = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
		const target = join(migrationsDir, `${stamp}_${name}`);
		await mkdir(target);
		await writeFile(join(target, "migration.sql"), sql);
		await copyFile(schemaFile, join(target, "schema.prisma"));
		console.log(`wrote ${target}`);
	} else {
		console.log("nothing has changed since the newest migration");
	}
} finally {
	await database.stop();
	await rm(directory, { recursive: true, force: true });
}
