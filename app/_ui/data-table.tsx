import type { ReactNode } from "react";

export interface Column<Row> {
	id: string;
	header: string;
	cell: (row: Row) => ReactNode;
	align?: "start" | "end";
	/** The row's name: heads the card in a narrow frame. */
	lead?: boolean;
	/** The card shows the cell without the column's name. */
	bare?: boolean;
	/** In the head instead of the words. */
	headerCell?: ReactNode;
	/** The header is for screen readers only. */
	hideHeader?: boolean;
}

interface DataTableProps<Row> {
	label: string;
	columns: readonly Column<Row>[];
	rows: readonly Row[];
	rowKey: (row: Row) => string;
	/** Columns of equal width, so that tables above each other line up. */
	isFixed?: boolean;
}

/** A table that becomes a list of cards where there is no room for columns. */
export function DataTable<Row>(props: DataTableProps<Row>) {
	const { label, columns, rows, rowKey, isFixed = false } = props;
	return (
		<div className="data-frame overflow-x-auto">
			<table className="data-table" data-fixed={isFixed || undefined} aria-label={label}>
				<thead>
					<tr>
						{columns.map(({ id, header, headerCell, align, hideHeader }) => (
							<th key={id} scope="col" data-align={align}>
								{headerCell ??
									(hideHeader === true ? <span className="sr-only">{header}</span> : header)}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{rows.map((row) => (
						<tr key={rowKey(row)}>
							{columns.map(({ id, header, cell, align, lead, bare }) => (
								<td
									key={id}
									data-label={header}
									data-align={align}
									data-lead={lead}
									data-bare={bare}
								>
									{cell(row)}
								</td>
							))}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}
