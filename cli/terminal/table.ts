export interface Column<Row> {
	title: string;
	value: (row: Row) => string;
	align?: "left" | "right";
}

/** Columns as wide as their longest cell, two spaces between, no space at a line's end. */
export function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
	const cells = [
		columns.map((column) => column.title),
		...rows.map((row) => columns.map((column) => column.value(row))),
	];
	const widths = columns.map((_, index) =>
		Math.max(...cells.map((line) => (line[index] ?? "").length)),
	);
	return cells
		.map((line) =>
			line
				.map((cell, index) => {
					const width = widths[index] ?? 0;
					return columns[index]?.align === "right" ? cell.padStart(width) : cell.padEnd(width);
				})
				.join("  ")
				.trimEnd(),
		)
		.join("\n");
}

/** `label   value` lines, values aligned. */
export function formatFields(fields: readonly (readonly [string, string])[]): string {
	const width = Math.max(...fields.map(([label]) => label.length));
	return fields.map(([label, value]) => `${label.padEnd(width)}  ${value}`.trimEnd()).join("\n");
}
