import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import type { MigrationList, SchemaEngine } from "@prisma/schema-engine-wasm/schema_engine_bg";
import pg from "pg";

const NO_FILTERS = { externalTables: [], externalEnums: [] };

/**
 * Applies new migrations from `prisma/migrations` with Prisma's own engine, compiled to WebAssembly, so that
 * nothing is downloaded and `_prisma_migrations` stays as Prisma's tools keep it. Returns the names applied.
 */
export async function applyMigrations(url: string, migrationsDir: string): Promise<string[]> {
	const names = await migrationNames(migrationsDir);
	const applied = await appliedMigrations(url);
	// The engine takes a while to load, and most starts have nothing for it to do.
	if (names.every((name) => applied.has(name))) return [];
	const engine = await openSchemaEngine(url);
	try {
		const result = await engine.applyMigrations({
			migrationsList: await readMigrations(migrationsDir, names),
			filters: NO_FILTERS,
		});
		return result.appliedMigrationNames;
	} finally {
		engine.free();
	}
}

/**
 * SQL that turns a database of schema `from` (null: an empty one) into one of schema `to`. Works with any
 * database at `url`.
 */
export async function diffSchemas(url: string, from: string | null, to: string): Promise<string> {
	const engine = await openSchemaEngine(url);
	const target = (content: string) => ({
		tag: "schemaDatamodel" as const,
		files: [{ path: "schema.prisma", content }],
	});
	try {
		const result = await engine.diff({
			from: from === null ? { tag: "empty" } : target(from),
			to: target(to),
			script: true,
			exitCode: null,
			filters: NO_FILTERS,
		});
		return result.stdout ?? "";
	} finally {
		engine.free();
	}
}

/** Oldest first. */
export async function migrationNames(migrationsDir: string): Promise<string[]> {
	const entries = await readdir(migrationsDir, { withFileTypes: true });
	return entries
		.filter((entry) => entry.isDirectory())
		.map((entry) => entry.name)
		.sort();
}

async function readMigrations(migrationsDir: string, names: string[]): Promise<MigrationList> {
	const migrationDirectories = await Promise.all(
		names.map(async (name) => ({
			path: name,
			migrationFile: {
				path: "migration.sql",
				content: {
					tag: "ok" as const,
					value: await readFile(join(migrationsDir, name, "migration.sql"), "utf8"),
				},
			},
		})),
	);
	return {
		baseDir: migrationsDir,
		lockfile: {
			path: "./migration_lock.toml",
			content: await readFile(join(migrationsDir, "migration_lock.toml"), "utf8"),
		},
		shadowDbInitScript: "",
		migrationDirectories,
	};
}

async function appliedMigrations(url: string): Promise<Set<string>> {
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	try {
		const table = await client.query("SELECT to_regclass('_prisma_migrations') AS name");
		if (table.rows[0]?.name === null) return new Set();
		const rows = await client.query<{ migration_name: string }>(
			"SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL",
		);
		return new Set(rows.rows.map((row) => row.migration_name));
	} finally {
		await client.end();
	}
}

type Bindings = typeof import("@prisma/schema-engine-wasm/schema_engine_bg");
let loadedBindings: Promise<Bindings> | undefined;

/**
 * Once per process: the bindings keep their instance in a global, and a second one would read the first one's
 * memory.
 */
async function loadBindings(): Promise<Bindings> {
	const bindings = await import("@prisma/schema-engine-wasm/schema_engine_bg");
	// The package's own entry imports the .wasm as a module, which Node supports only with a flag.
	const wasmFile = createRequire(import.meta.url)
		.resolve("@prisma/schema-engine-wasm/schema_engine_bg")
		.replace(/\.js$/, ".wasm");
	const { instance } = await WebAssembly.instantiate(await readFile(wasmFile), {
		"./schema_engine_bg.js": bindings as unknown as WebAssembly.ModuleImports,
	});
	bindings.__wbg_set_wasm(instance.exports);
	(instance.exports.__wbindgen_start as () => void)();
	return bindings;
}

async function openSchemaEngine(url: string): Promise<SchemaEngine> {
	loadedBindings ??= loadBindings();
	const { SchemaEngine } = await loadedBindings;
	const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: url }));
	return SchemaEngine.new({ datamodels: undefined }, () => undefined, adapter);
}
