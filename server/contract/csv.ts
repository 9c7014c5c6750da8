type Cell = string | number | null;

/** Spreadsheets take text that begins so for a formula. */
const FORMULA_STARTS = /^[=+\-@\t\r]/;

/** Rows as CSV (RFC 4180), under the names of their fields. */
export function toCsv(columns: readonly string[], rows: readonly Readonly<Record<string, Cell>>[]) {
	const lines = rows.map((row) => columns.map((column) => quote(row[column] ?? null)).join(","));
	return `${[columns.join(","), ...lines].join("\r\n")}\r\n`;
}

function quote(cell: Cell): string {
	if (cell === null) return "";
	if (typeof cell === "number") return String(cell);
	const text = FORMULA_STARTS.test(cell) ? `'${cell}` : cell;
	return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
