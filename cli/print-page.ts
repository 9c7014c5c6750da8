import type { Command } from "commander";
import { z } from "zod";
import type { ApiClient } from "./api/client.ts";
import { type ApiOptions, print, printJson } from "./command-context.ts";
import { printable } from "./terminal/format.ts";
import { type Column, formatTable } from "./terminal/table.ts";

const PAGE_SIZE = 100;

/** For lists that the API never pages. */
export function wholeListOf<T extends z.ZodType>(item: T) {
	return z.object({ items: z.array(item), nextCursor: z.null() });
}

export interface PageOptions {
	limit?: string;
	cursor?: string;
}

/** Without either option, the whole list is printed, unless the command has a limit of its own: `byDefault`. */
export function pageOptions(command: Command, byDefault = "everything"): Command {
	return command
		.option("--limit <count>", `return one page of this size (default: ${byDefault})`)
		.option("--cursor <cursor>", "nextCursor of the previous page");
}

interface PageRequest<Row> {
	path: string;
	query?: Readonly<Record<string, string | undefined>>;
	schema: z.ZodType<{ items: Row[]; nextCursor: string | null }>;
	columns: readonly Column<Row>[];
	/** The API accepts neither limit nor cursor for it. */
	unpaged?: boolean;
	/** Printed instead of an empty table. */
	empty: string;
	/** Printed below the table. */
	notes?: (rows: readonly Row[]) => readonly string[];
}

export async function printPage<Row>(
	api: ApiClient,
	options: ApiOptions & PageOptions,
	request: PageRequest<Row>,
): Promise<void> {
	const single = options.limit !== undefined || options.cursor !== undefined;
	const rows: Row[] = [];
	const rawItems: unknown[] = [];
	let cursor: string | null = options.cursor ?? null;
	let answer: unknown;
	do {
		answer = await api.call({
			method: "GET",
			path: request.path,
			query: {
				...request.query,
				limit: request.unpaged ? undefined : (options.limit ?? (single ? undefined : PAGE_SIZE)),
				cursor: cursor ?? undefined,
			},
		});
		const page = request.schema.parse(answer);
		rows.push(...page.items);
		rawItems.push(...itemsOf(answer));
		cursor = page.nextCursor;
	} while (cursor !== null && !single);

	if (options.json) {
		printJson(single ? answer : { items: rawItems, nextCursor: null });
		return;
	}
	if (rows.length === 0) {
		print(request.empty);
		return;
	}
	print(formatTable(rows, request.columns.map(safely)));
	const notes = request.notes?.(rows) ?? [];
	if (notes.length > 0) print(`\n${notes.map(printable).join("\n")}`);
	if (cursor !== null) print(`\nMore: --cursor ${cursor}`);
}

function itemsOf(answer: unknown): unknown[] {
	if (typeof answer !== "object" || answer === null || !("items" in answer)) return [];
	return Array.isArray(answer.items) ? answer.items : [];
}

function safely<Row>(column: Column<Row>): Column<Row> {
	return { ...column, value: (row) => printable(column.value(row)) };
}
