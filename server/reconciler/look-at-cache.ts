import { setImmediate as breathe } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { allNodeRows, type FullCache, toCacheModel } from "../data/cache-mapping.ts";
import { fleetRoom } from "../data/fleet-room.ts";
import { readFullCaches } from "../data/read-full-caches.ts";
import type { CacheModel, ElasticModel, Plan } from "../domain/cache/model.ts";
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
	if (model.elastic !== null) noteLimit(resources, cache, model.elastic);
	const plan = planCache(model, resources.clock.now(), fleetRoom(resources.fleet, cache));
	return { cache, model, plan };
}

/** Hosts learn with each report how much of the ECPU maximum their nodes may use. */
function noteLimit({ fleet }: Resources, cache: FullCache, { limits }: ElasticModel): void {
	const perSecond = limits.ecpuPerSecond.max;
	const nodes = allNodeRows(cache).map(({ id, hostId }) => ({ id, hostId }));
	fleet.elastic.setLimit(cache.id, perSecond === null ? null : { perSecond, nodes });
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

/** After so many of them, this process answers whoever waits. */
const SEEN_AT_ONCE = 25;

/** What a look at one of many caches found. */
export interface Seen {
	readonly cacheId: string;
	/** Null if it failed: a pass over this cache alone reports why. */
	readonly look: Look | null;
	/** A pass over the cache would do nothing. */
	readonly settled: boolean;
}

/** Reads all of them as they are at one moment. */
export async function lookAtCaches(
	resources: Resources,
	cacheIds: readonly string[],
): Promise<Seen[]> {
	const caches = await readFullCaches(resources.db, cacheIds);
	const seen: Seen[] = [];
	for (const [index, cache] of caches.entries()) {
		if (index % SEEN_AT_ONCE === SEEN_AT_ONCE - 1) await breathe();
		seen.push(seeCache(resources, cache));
	}
	return seen;
}

function seeCache(resources: Resources, cache: FullCache): Seen {
	const cacheId = cache.id;
	try {
		const look = lookAtCache(resources, cache);
		const settled = look.plan.actions.length === 0 && isWritten(look);
		// Otherwise a pass follows. What waits for a quiet minute must be due in that pass as well.
		if (settled) noteQuiet(resources, look);
		return { cacheId, look, settled };
	} catch {
		// Its failure doesn't hold up the others.
		return { cacheId, look: null, settled: false };
	}
}
