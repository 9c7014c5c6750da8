import { isDeepStrictEqual } from "node:util";
import { FULL_CACHE, type FullCache, toCacheModel } from "../data/cache-mapping.ts";
import { fleetRoom } from "../data/fleet-room.ts";
import { readSnapshot } from "../data/read-snapshot.ts";
import type { CacheModel, Plan } from "../domain/cache/model.ts";
import { planCache } from "../domain/cache/plan-cache.ts";
import type { Resources } from "../services/context.ts";

/** A cache's rows, what is known about it now, and what should be done next. */
export interface Look {
	readonly cache: FullCache;
	readonly model: CacheModel;
	readonly plan: Plan;
}

export function lookAtCache(resources: Resources, cache: FullCache): Look {
	const model = toCacheModel(cache, resources);
	const plan = planCache(model, resources.clock.now(), fleetRoom(resources.fleet, cache));
	return { cache, model, plan };
}

/** Call with the look of each pass, and with each look that no pass follows. */
export function noteQuiet({ fleet }: Resources, { cache, plan }: Look): void {
	const { status, statusReason, actions } = plan;
	fleet.quiet.note(
		cache.id,
		status === "available" && statusReason === null && actions.length === 0,
	);
}

/** Whether the rows already say what the plan says about the cache. */
export function isWritten({ cache, model, plan }: Look): boolean {
	return (
		cache.status === plan.status &&
		cache.statusReason === plan.statusReason &&
		plan.events.length === 0 &&
		isDeepStrictEqual(model.blocks, plan.blocks) &&
		JSON.stringify(model.progress) === JSON.stringify(plan.progress)
	);
}

/** The ids of those caches for which a pass would do something. Reads all of them at once. */
export async function findUnsettled(
	resources: Resources,
	cacheIds: readonly string[],
): Promise<string[]> {
	const caches = await readSnapshot(resources.db, (tx) =>
		tx.cache.findMany({ where: { id: { in: [...cacheIds] } }, include: FULL_CACHE }),
	);
	return caches.filter((cache) => isUnsettled(resources, cache)).map(({ id }) => id);
}

function isUnsettled(resources: Resources, cache: FullCache): boolean {
	try {
		const look = lookAtCache(resources, cache);
		if (look.plan.actions.length > 0 || !isWritten(look)) return true;
		// Otherwise a pass follows. What waits for a quiet minute must be due in that pass as well.
		noteQuiet(resources, look);
		return false;
	} catch {
		// Its own pass reports what is wrong with it, and doesn't keep the others waiting.
		return true;
	}
}
