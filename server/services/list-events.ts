import type { z } from "zod";
import { type Event, type listEventsInputSchema, severitySchema } from "../contract/index.ts";
import { olderThan, toPage } from "../data/cursor.ts";
import type { Resources } from "./context.ts";

/** Newest first. */
export async function listEvents(
	{ db }: Resources,
	input: z.output<typeof listEventsInputSchema>,
): Promise<{ items: Event[]; nextCursor: string | null }> {
	const rows = await db.event.findMany({
		where: {
			...(input.cache !== undefined && { cacheName: input.cache }),
			...(input.severity !== undefined && { severity: input.severity }),
			...olderThan("at", input.cursor),
		},
		orderBy: [{ at: "desc" }, { id: "desc" }],
		take: input.limit + 1,
	});
	const page = toPage(rows, input.limit, (row) => row);
	return {
		items: page.rows.map((row) => ({
			id: row.id,
			at: row.at.toISOString(),
			severity: severitySchema.parse(row.severity),
			type: row.type,
			message: row.message,
			cache: row.cacheName,
			node: row.nodeName,
			host: row.hostName,
		})),
		nextCursor: page.nextCursor,
	};
}
