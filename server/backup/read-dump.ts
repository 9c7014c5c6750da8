import { createHash } from "node:crypto";
import type { z } from "zod";
import { AppError } from "../contract/errors.ts";
import {
	type DumpHeader,
	dumpHeaderSchema,
	endLineSchema,
	type TableLine,
	tableLineSchema,
} from "./dump-lines.ts";

/** Receives a dump's content, in order. */
export interface DumpReader {
	header(header: DumpHeader): Promise<void>;
	/** `rows` are lines of JSON. Called several times for a table with many rows. */
	rows(table: TableLine, rows: readonly string[]): Promise<void>;
}

const ROWS_AT_A_TIME = 500;

/**
 * Reads a dump to its end, and returns its number of rows by table. Throws `invalid_argument` if it is
 * incomplete or has been changed: in that case, nothing that was read may be used.
 */
export async function readDump(
	lines: AsyncIterable<string>,
	reader: DumpReader,
): Promise<Record<string, number>> {
	const hash = createHash("sha256");
	const counts: Record<string, number> = {};
	let table: TableLine | null = null;
	let waiting: string[] = [];
	let part: "beginning" | "tables" | "over" = "beginning";
	const flush = async () => {
		if (table !== null && waiting.length > 0) await reader.rows(table, waiting);
		waiting = [];
	};
	for await (const line of lines) {
		if (part === "over") throw damaged("it has data after its end");
		if (line.startsWith("[") && table !== null) {
			hash.update(`${line}\n`);
			counts[table.name] = (counts[table.name] ?? 0) + 1;
			waiting.push(line);
			if (waiting.length >= ROWS_AT_A_TIME) await flush();
			continue;
		}
		const value = parseLine(line);
		if (part === "beginning") {
			await reader.header(parsed(dumpHeaderSchema, value));
			part = "tables";
		} else {
			await flush();
			const end = endLineSchema.safeParse(value);
			if (end.success) {
				const whole = end.data.sha256 === hash.digest("hex") && sameCounts(end.data.rows, counts);
				if (!whole) throw damaged("its checksum doesn't match");
				part = "over";
				continue;
			}
			table = parsed(tableLineSchema, value);
			counts[table.name] = 0;
		}
		hash.update(`${line}\n`);
	}
	if (part !== "over") throw damaged("its end is missing");
	return counts;
}

function parseLine(line: string): unknown {
	try {
		return JSON.parse(line);
	} catch (error) {
		throw damaged("one of its lines isn't JSON", error);
	}
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
	const result = schema.safeParse(value);
	if (!result.success)
		throw damaged("one of its lines isn't in this version's format", result.error);
	return result.data;
}

function sameCounts(a: Record<string, number>, b: Record<string, number>): boolean {
	const names = Object.keys(a);
	return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

export function damaged(why: string, cause?: unknown): AppError {
	return new AppError(
		"invalid_argument",
		`The backup is damaged: ${why}. Nothing was changed. Use another backup.`,
		{ cause },
	);
}
