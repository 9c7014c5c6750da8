import { z } from "zod";
import type { SleepModel } from "../domain/cache/sleep-model.ts";
import type { CacheRow } from "./database.ts";

const sleepColumn = z.object({
	state: z.enum(["falling-asleep", "asleep", "waking"]),
	since: z.string(),
	/** What its fullest node held when it fell asleep: it can't wake with less memory. */
	usedBytes: z.number(),
	/** Its nodes end in order to start in cluster mode. */
	becomesCluster: z.boolean().default(false),
});
export type Sleep = z.infer<typeof sleepColumn>;

/** Null while the cache is awake. */
export function sleepOf({ sleep }: Pick<CacheRow, "sleep">): Sleep | null {
	return sleepColumn.nullable().parse(sleep);
}

export function toSleepModel(
	row: Pick<CacheRow, "sleep" | "sleepAfterMinutes">,
	wakeReason: string | null,
): SleepModel {
	const { state = null, since = null, becomesCluster = false } = sleepOf(row) ?? {};
	return { afterMinutes: row.sleepAfterMinutes, state, since, becomesCluster, wakeReason };
}
