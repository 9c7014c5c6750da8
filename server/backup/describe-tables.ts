import type { Transaction } from "../data/database.ts";

export interface Column {
	name: string;
	/** As PostgreSQL writes it in a cast. */
	type: string;
}
export interface Table {
	name: string;
	columns: Column[];
}

/** The tables of the current schema, each after those that its foreign keys refer to. */
export async function describeTables(tx: Transaction): Promise<Table[]> {
	const columns = await tx.$queryRaw<{ table: string; name: string; type: string }[]>`
		SELECT t.relname::text AS "table", a.attname::text AS "name", format_type(a.atttypid, a.atttypmod) AS "type"
		FROM pg_class t
		JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace
		ORDER BY t.relname, a.attnum`;
	const references = await tx.$queryRaw<{ from: string; to: string }[]>`
		SELECT f.relname::text AS "from", t.relname::text AS "to"
		FROM pg_constraint c
		JOIN pg_class f ON f.oid = c.conrelid
		JOIN pg_class t ON t.oid = c.confrelid
		WHERE c.contype = 'f' AND f.relnamespace = current_schema()::regnamespace`;
	const tables = new Map<string, Table>();
	for (const { table, name, type } of columns) {
		const found = tables.get(table) ?? { name: table, columns: [] };
		found.columns.push({ name, type });
		tables.set(table, found);
	}
	return inOrderOfReferences([...tables.values()], references);
}

function inOrderOfReferences(
	tables: readonly Table[],
	references: readonly { from: string; to: string }[],
): Table[] {
	const placed = new Map<string, Table>();
	const place = (table: Table): void => {
		if (placed.has(table.name)) return;
		const wanted = references.filter(({ from, to }) => from === table.name && to !== table.name);
		for (const { to } of wanted) {
			const target = tables.find((candidate) => candidate.name === to);
			if (target !== undefined) place(target);
		}
		placed.set(table.name, table);
	};
	for (const table of tables) place(table);
	return [...placed.values()];
}

/** A name quoted for SQL, whatever characters it has. */
export function quoteName(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}
