export type SortValue = string | number | null;

export interface Sort {
	column: string;
	descending: boolean;
}

/** Parses `name`, or `-name` for descending order, as in the page's address. */
export function parseSort(text: string | null): Sort | null {
	if (text === null || text === "" || text === "-") return null;
	return text.startsWith("-")
		? { column: text.slice(1), descending: true }
		: { column: text, descending: false };
}

export function formatSort({ column, descending }: Sort): string {
	return `${descending ? "-" : ""}${column}`;
}

/** Successive clicks sort a column ascending, then descending, then not at all. */
export function nextSort(sort: Sort | null, column: string): Sort | null {
	if (sort?.column !== column) return { column, descending: false };
	return sort.descending ? null : { column, descending: true };
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Sorts numbers by size and texts in natural order (`node-2` before `node-10`). Missing values come last either way. */
export function sortRows<Row>(
	rows: readonly Row[],
	sortValue: (row: Row) => SortValue,
	descending: boolean,
): Row[] {
	const direction = descending ? -1 : 1;
	return [...rows].sort((a, b) => {
		const [left, right] = [sortValue(a), sortValue(b)];
		if (left === null || right === null) return Number(left === null) - Number(right === null);
		const order =
			typeof left === "number" && typeof right === "number"
				? left - right
				: collator.compare(String(left), String(right));
		return order * direction;
	});
}
