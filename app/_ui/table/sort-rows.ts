export type SortValue = string | number | null;

export interface Sort {
	column: string;
	descending: boolean;
}

/** `name`, or `-name` from the last to the first: as in the page's address. */
export function parseSort(text: string | null): Sort | null {
	if (text === null || text === "" || text === "-") return null;
	return text.startsWith("-")
		? { column: text.slice(1), descending: true }
		: { column: text, descending: false };
}

export function formatSort({ column, descending }: Sort): string {
	return `${descending ? "-" : ""}${column}`;
}

/** Clicks sort a column upwards, then downwards, then no longer. */
export function nextSort(sort: Sort | null, column: string): Sort | null {
	if (sort?.column !== column) return { column, descending: false };
	return sort.descending ? null : { column, descending: true };
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Numbers by size, texts as people sort them (`node-2` before `node-10`), and what has no value last either way. */
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
