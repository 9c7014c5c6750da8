import { createHash } from "node:crypto";
import { type Database, Prisma, type Transaction } from "../data/database.ts";
import { describeTables, quoteName, type Table } from "./describe-tables.ts";
import {
	DUMP_FORMAT,
	type DumpHeader,
	type EndLine,
	METRICS_TABLE,
	TABLES_LEFT_OUT,
	type TableLine,
} from "./dump-lines.ts";

const ROWS_AT_A_TIME = 1_000;
const TIMEOUT_MS = 3_600_000;

/** Make a value's text independent of the settings of the server or the database. */
const TEXT_SETTINGS = [
	"SET LOCAL DateStyle = 'ISO, YMD'",
	"SET LOCAL TimeZone = 'UTC'",
	"SET LOCAL IntervalStyle = 'postgres'",
	"SET LOCAL bytea_output = 'hex'",
	"SET LOCAL extra_float_digits = 1",
] as const;

export interface DumpOptions {
	withMetrics: boolean;
	version: string;
	now: Date;
	/** Takes a line, including its line end. */
	write: (line: string) => Promise<void>;
}

/**
 * Writes the database as it is at one moment, as lines (dump-lines.ts). The embedded database has one
 * connection, which this holds until the end: `write` must not wait for anything slower than a disk.
 */
export async function writeDump(db: Database, options: DumpOptions): Promise<void> {
	await db.$transaction((tx) => dumpInside(tx, options), {
		isolationLevel: Prisma.TransactionIsolationLevel.RepeatableRead,
		timeout: TIMEOUT_MS,
	});
}

async function dumpInside(tx: Transaction, options: DumpOptions): Promise<void> {
	const hash = createHash("sha256");
	const write = async (line: string) => {
		const whole = `${line}\n`;
		hash.update(whole);
		await options.write(whole);
	};
	for (const setting of TEXT_SETTINGS) await tx.$executeRawUnsafe(setting);
	const leftOut: string[] = [...TABLES_LEFT_OUT, ...(options.withMetrics ? [] : [METRICS_TABLE])];
	const header: DumpHeader = {
		kind: "dump",
		format: DUMP_FORMAT,
		version: options.version,
		createdAt: options.now.toISOString(),
		migrations: await appliedMigrations(tx),
		leftOut,
	};
	await write(JSON.stringify(header));
	const rows: EndLine["rows"] = {};
	for (const table of await describeTables(tx)) {
		if (leftOut.includes(table.name)) continue;
		rows[table.name] = await dumpTable(tx, table, write);
	}
	const end: EndLine = { kind: "end", rows, sha256: hash.digest("hex") };
	await options.write(`${JSON.stringify(end)}\n`);
}

async function appliedMigrations(tx: Transaction): Promise<string[]> {
	const rows = await tx.$queryRaw<{ name: string }[]>`
		SELECT migration_name AS "name" FROM "_prisma_migrations"
		WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name`;
	return rows.map((row) => row.name);
}

/** Through a cursor: a table may be larger than memory. Returns the number of rows. */
async function dumpTable(
	tx: Transaction,
	{ name, columns }: Table,
	write: (line: string) => Promise<void>,
): Promise<number> {
	const line: TableLine = { kind: "table", name, columns: columns.map((column) => column.name) };
	await write(JSON.stringify(line));
	const values = columns.map((column) => `${quoteName(column.name)}::text`).join(", ");
	await tx.$executeRawUnsafe(
		`DECLARE dumped CURSOR FOR SELECT json_build_array(${values})::text AS "row" FROM ${quoteName(name)}`,
	);
	let count = 0;
	for (;;) {
		const rows = await tx.$queryRawUnsafe<{ row: string }[]>(`FETCH ${ROWS_AT_A_TIME} FROM dumped`);
		for (const { row } of rows) await write(row);
		count += rows.length;
		if (rows.length < ROWS_AT_A_TIME) break;
	}
	await tx.$executeRawUnsafe("CLOSE dumped");
	return count;
}
