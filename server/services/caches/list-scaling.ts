import type { z } from "zod";
import {
	type listScalingInputSchema,
	type ScalingDecision,
	scalingTriggerSchema,
} from "../../contract/index.ts";
import { olderThan, toPage } from "../../data/cursor.ts";
import type { Resources } from "../context.ts";
import { findCache } from "./find-cache.ts";

/** How a serverless cache's capacity changed and why, newest first; nothing for a provisioned cache. */
export async function listScaling(
	{ db }: Resources,
	input: z.output<typeof listScalingInputSchema>,
): Promise<{ items: ScalingDecision[]; nextCursor: string | null }> {
	const { id } = await findCache(db, input.name);
	const rows = await db.scalingDecision.findMany({
		where: { cacheId: id, ...olderThan("at", input.cursor) },
		orderBy: [{ at: "desc" }, { id: "desc" }],
		take: input.limit + 1,
	});
	const page = toPage(rows, input.limit, (row) => row);
	return {
		items: page.rows.map((row) => ({
			at: row.at.toISOString(),
			from: { memoryBytes: Number(row.fromMemoryBytes), shards: row.fromShards },
			to: { memoryBytes: Number(row.toMemoryBytes), shards: row.toShards },
			trigger: scalingTriggerSchema.parse(row.trigger),
			reason: row.reason,
		})),
		nextCursor: page.nextCursor,
	};
}
