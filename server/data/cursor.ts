import { z } from "zod";
import { AppError } from "../contract/errors.ts";
import { instantSchema } from "../contract/instant.ts";
import { findUnstorable } from "../contract/storable.ts";

const textSchema = z.string().refine((text) => findUnstorable(text) === null);
const cursorValueSchema = z.tuple([instantSchema, textSchema]);
const textCursorValueSchema = z.tuple([textSchema, textSchema]);

/** A cursor is the position of the last row on the previous page: its sort key, and its id or name. */
export function encodeCursor(row: { at: Date | string; id: string }): string {
	const at = row.at instanceof Date ? row.at.toISOString() : row.at;
	return Buffer.from(JSON.stringify([at, row.id])).toString("base64url");
}

/** The position in a list sorted by time. Throws AppError for a cursor that no list returned. */
export function decodeCursor(cursor: string | undefined): { at: Date; id: string } | null {
	const place = decode(cursor, cursorValueSchema);
	return place === null ? null : { at: new Date(place[0]), id: place[1] };
}

/**
 * A filter for the rows that follow in a list sorted by this column and the id, newest first; for the first page, all
 * rows. Throws as `decodeCursor` does.
 */
export function olderThan<Column extends string>(column: Column, cursor: string | undefined) {
	type Older = Record<Column, { lt: Date }>;
	type SameAge = Record<Column, Date> & { id: { lt: string } };
	const last = decodeCursor(cursor);
	if (last === null) return {};
	const older = { [column]: { lt: last.at } } as Older;
	const sameAge = { [column]: last.at, id: { lt: last.id } } as SameAge;
	return { OR: [older, sameAge] };
}

/** The position in a list sorted by text. Throws AppError for a cursor that no list returned. */
export function decodeTextCursor(cursor: string | undefined): { at: string; id: string } | null {
	const place = decode(cursor, textCursorValueSchema);
	return place === null ? null : { at: place[0], id: place[1] };
}

function decode(
	cursor: string | undefined,
	schema: z.ZodType<[string, string]>,
): [string, string] | null {
	if (cursor === undefined) return null;
	try {
		return schema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
	} catch (cause) {
		throw new AppError(
			"invalid_argument",
			"cursor isn't one that this API returned; send the nextCursor of the previous page",
			{
				field: "cursor",
				cause,
			},
		);
	}
}

/** Removes the extra row that was read to see whether another page follows. */
export function toPage<T>(
	rows: T[],
	limit: number,
	position: (row: T) => { at: Date | string; id: string },
): { rows: T[]; nextCursor: string | null } {
	const page = rows.slice(0, limit);
	const last = page.at(-1);
	return {
		rows: page,
		nextCursor: rows.length > limit && last !== undefined ? encodeCursor(position(last)) : null,
	};
}
