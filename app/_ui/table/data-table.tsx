"use client";

import { ArrowDown, ArrowUp, ChevronsUpDown } from "lucide-react";
import { type ReactNode, useRef } from "react";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import {
	formatSort,
	nextSort,
	parseSort,
	type Sort,
	type SortValue,
	sortRows,
} from "./sort-rows.ts";
import { useFit } from "./use-fit.ts";

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
	/** What the list is sorted by; a column without it can't be sorted. */
	sortValue?: (row: Row) => SortValue;
	/** Hidden until it is chosen, where columns can be chosen. */
	isExtra?: boolean;
}

/**
 *   rows    the page has all rows, and sorts them itself
 *   server  there are more pages: the server sorts by the columns named, and others can't be sorted
 */
export type Sorting = { by: "rows" } | { by: "server"; columns: readonly string[] };

interface DataTableProps<Row> {
	label: string;
	columns: readonly Column<Row>[];
	rows: readonly Row[];
	rowKey: (row: Row) => string;
	/** Columns of equal width, so that tables above each other line up. */
	isFixed?: boolean;
	/** Headers sort the list, and the address says how. If absent, they don't. */
	sorting?: Sorting;
}

/** A table that becomes a list of cards where there is no room for its columns. */
export function DataTable<Row>(props: DataTableProps<Row>) {
	const { label, columns, rows, rowKey, isFixed = false, sorting } = props;
	const frame = useRef<HTMLDivElement>(null);
	const fits = useFit(frame, rows);
	const { params, change } = useUrlParams();
	const sort = sorting === undefined ? null : parseSort(params.get("sort"));
	const sortBy = sorting?.by === "rows" ? columns.find(({ id }) => id === sort?.column) : undefined;
	const sorted =
		sortBy?.sortValue === undefined
			? rows
			: sortRows(rows, sortBy.sortValue, sort?.descending === true);
	const onSort = (column: string) => {
		const next = nextSort(sort, column);
		change({ sort: next && formatSort(next), cursor: null });
	};
	return (
		<div ref={frame} className="data-frame overflow-x-auto">
			<table
				className="data-table"
				data-fixed={isFixed || undefined}
				data-cards={!fits || undefined}
				aria-label={label}
			>
				<thead>
					<tr>
						{columns.map((column) => (
							<HeaderCell
								key={column.id}
								column={column}
								sort={sort}
								sorting={sorting}
								onSort={onSort}
							/>
						))}
					</tr>
				</thead>
				<tbody>
					{sorted.map((row) => (
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

interface HeaderCellProps<Row> {
	column: Column<Row>;
	sort: Sort | null;
	sorting: Sorting | undefined;
	onSort: (column: string) => void;
}

function HeaderCell<Row>({ column, sort, sorting, onSort }: HeaderCellProps<Row>) {
	const { id, header, headerCell, align, hideHeader, sortValue } = column;
	const words = hideHeader === true ? <span className="sr-only">{header}</span> : header;
	if (headerCell !== undefined || sorting === undefined || sortValue === undefined) {
		return (
			<th scope="col" data-align={align}>
				{headerCell ?? words}
			</th>
		);
	}
	const canSort = sorting.by === "rows" || sorting.columns.includes(id);
	const current = sort?.column === id && canSort ? sort : null;
	const Icon = current === null ? ChevronsUpDown : current.descending ? ArrowDown : ArrowUp;
	const order = current === null ? "none" : current.descending ? "descending" : "ascending";
	return (
		<th scope="col" data-align={align} aria-sort={order}>
			<button
				type="button"
				className="sort-button"
				aria-disabled={!canSort || undefined}
				title={canSort ? undefined : "To sort, filter the list until it fits on one page"}
				onClick={() => canSort && onSort(id)}
			>
				{header}
				<Icon aria-hidden className="size-3" />
			</button>
		</th>
	);
}
