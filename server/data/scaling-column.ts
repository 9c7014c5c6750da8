import { z } from "zod";
import type { RecentScaling } from "../domain/serverless/policy.ts";

/** What the serverless policy remembers of a cache's moves, in milliseconds. */
const recentColumn = z.object({
	changedAt: z.number().nullable(),
	shardsAt: z.number().nullable(),
	shrunkAt: z.array(z.number()),
});

export const NEVER_SCALED: RecentScaling = { changedAt: null, shardsAt: null, shrunkAt: [] };

export function recentScalingOf({ recentScaling }: { recentScaling: unknown }): RecentScaling {
	return recentColumn.nullable().parse(recentScaling) ?? NEVER_SCALED;
}
