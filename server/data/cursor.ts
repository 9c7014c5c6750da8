import { z } from "zod";
import { AppError } from "../contract/errors.ts";

const cursorValueSchema = z.tuple([z.iso.datetime(), z.string()]);

/** A cursor is the place of the last row of the page before: its time, and its id or name. */
export function encodeCursor(row: { at: Date; id: string }): string {
	return Buffer.from(JSON.stringify([row.at.toISOString(), row.id])).toString("base64url");
}

export function decodeCursor(cursor: string | undefined): { at: Date; id: string } | null {
	if (cursor === undefined) return null;
	try {
		const [at, id] = cursorValueSchema.parse(
			JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")),
		);
		return { at: new Date(at), id };
	} catch (cause) {
		throw new AppError("invalid_argument", "cursor isn't one that this API gave out", {
			field: "cursor",
			cause,
		});
	}
}

/** Cuts the extra row that was read to see whether another page follows. */
export function toPage<T>(
	rows: T[],
	limit: number,
	position: (row: T) => { at: Date; id: string },
): { rows: T[]; nextCursor: string | null } {
	const page = rows.slice(0, limit);
	const last = page.at(-1);
	return {
		rows: page,
		nextCursor: rows.length > limit && last !== undefined ? encodeCursor(position(last)) : null,
	};
}
