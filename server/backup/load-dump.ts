import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../contract/errors.ts";
import type { Database, Transaction } from "../data/database.ts";
import { migrationNames } from "../data/migrate.ts";
import { describeTables, quoteName, type Table } from "./describe-tables.ts";
import type { DumpHeader, TableLine } from "./dump-lines.ts";
import { damaged, readDump } from "./read-dump.ts";
import { settleRestored } from "./settle-restored.ts";

const TIMEOUT_MS = 3_600_000;

/** As Prisma's tools create it. */
const MIGRATIONS_TABLE = `CREATE TABLE "_prisma_migrations" (
	"id" VARCHAR(36) PRIMARY KEY NOT NULL,
	"checksum" VARCHAR(64) NOT NULL,
	"finished_at" TIMESTAMPTZ,
	"migration_name" VARCHAR(255) NOT NULL,
	"logs" TEXT,
	"rolled_back_at" TIMESTAMPTZ,
	"started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
	"applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

export interface Loaded {
	header: DumpHeader;
	rows: Record<string, number>;
}

/**
 * Fills an empty schema from a dump, with the tables of the version that made the dump, and prepares it for a control
 * plane that is about to start. One transaction: all or nothing. `before` runs in it first, `last` at the
 * end.
 */
export async function loadDump(
	db: Database,
	lines: AsyncIterable<string>,
	options: {
		migrationsDir: string;
		now: Date;
		before?: (tx: Transaction) => Promise<void>;
		last?: () => Promise<void>;
	},
): Promise<Loaded> {
	return await db.$transaction(
		async (tx) => {
			let header: DumpHeader | undefined;
			let tables: Table[] = [];
			const rows = await readDump(lines, {
				async header(found) {
					await requireKnownSchema(found, options.migrationsDir);
					await options.before?.(tx);
					await makeSchema(tx, found, options.migrationsDir);
					tables = await describeTables(tx);
					// Some migrations fill tables, so empty them: the dump has all of their rows.
					for (const { name } of [...tables].reverse()) {
						await tx.$executeRawUnsafe(`DELETE FROM ${quoteName(name)}`);
					}
					header = found;
				},
				rows: (line, values) => insertRows(tx, tables, line, values),
			});
			if (header === undefined) throw damaged("it is empty");
			await settleRestored(tx, tables, { header, now: options.now });
			await options.last?.();
			return { header, rows };
		},
		{ timeout: TIMEOUT_MS },
	);
}

/** This program must know every migration of the backup, and no others in between. */
async function requireKnownSchema(header: DumpHeader, migrationsDir: string): Promise<void> {
	const known = await migrationNames(migrationsDir);
	if (header.migrations.every((name, index) => known[index] === name)) return;
	throw new AppError(
		"invalid_argument",
		`The backup was made by Larder ${header.version}, whose database is newer than this version's. Restore it with that version or a newer one.`,
	);
}

async function makeSchema(
	tx: Transaction,
	header: DumpHeader,
	migrationsDir: string,
): Promise<void> {
	await tx.$executeRawUnsafe(MIGRATIONS_TABLE);
	for (const name of header.migrations) {
		const sql = await readFile(join(migrationsDir, name, "migration.sql"), "utf8");
		// EXECUTE accepts several statements at once, which the client doesn't.
		await tx.$executeRawUnsafe(
			`DO $larder$ BEGIN EXECUTE $migration$${sql}$migration$; END $larder$`,
		);
	}
}

async function insertRows(
	tx: Transaction,
	tables: readonly Table[],
	{ name, columns }: TableLine,
	rows: readonly string[],
): Promise<void> {
	const table = tables.find((candidate) => candidate.name === name);
	if (table === undefined) throw damaged(`this version has no table ${name}`);
	const values = columns.map((wanted, index) => {
		const column = table.columns.find((candidate) => candidate.name === wanted);
		if (column === undefined) throw damaged(`table ${name} has no column ${wanted}`);
		return `("row" ->> ${index})::${column.type}`;
	});
	await tx.$executeRawUnsafe(
		`INSERT INTO ${quoteName(name)} (${columns.map(quoteName).join(", ")})
		SELECT ${values.join(", ")} FROM json_array_elements($1::json) AS "row"`,
		`[${rows.join(",")}]`,
	);
}
