import { ChargeLostError } from "../data/charge.ts";
import type { PlanAction } from "../domain/cache/model.ts";
import type { Resources } from "../services/context.ts";
import { type Look, lookAtCaches, noteQuiet } from "./look-at-cache.ts";
import { giveOrders, replacesDead } from "./order-failovers.ts";
import { adoptPrimaries } from "./steps/adopt-primaries.ts";
import { writeStatuses } from "./write-statuses.ts";

/** What a look at many caches has done for one of them. */
export interface Reconciled {
	readonly cacheId: string;
	/** Null if the look failed: a pass over this cache alone reports why. */
	readonly look: Look | null;
	/**
	 * What is left to do. `look`: its new primary has been recorded, so the next look sees something else. `pass`: steps
	 * that are taken for one cache at a time.
	 */
	readonly left: "nothing" | "look" | "pass";
}

/**
 * When hosts are lost, many caches need a decision at the same time. Does for all of them what a pass would do, with as
 * few statements as for one: orders failovers, stores statuses, and records new primaries. Everything else is left to
 * passes of their own.
 */
export async function reconcileTogether(
	resources: Resources,
	cacheIds: readonly string[],
	onError: (error: unknown) => void,
): Promise<Reconciled[]> {
	const seen = await lookAtCaches(resources, cacheIds);
	const looks = seen.flatMap(({ look }) => look ?? []);
	await giveOrders(resources, looks);
	const own = new Set(looks.filter(needsOwnPass));
	try {
		await record(
			resources,
			looks.filter((look) => !own.has(look)),
		);
	} catch (error) {
		if (error instanceof ChargeLostError) throw error;
		// One cache may be at fault. In passes of their own, it doesn't hold up the others.
		onError(error);
		return seen.map(({ cacheId, look, settled }) => ({
			...{ cacheId, look },
			left: settled ? "nothing" : "pass",
		}));
	}
	return seen.map(({ cacheId, look }) => {
		if (look === null || own.has(look)) return { cacheId, look, left: "pass" };
		const left = leftAfter(look);
		// Otherwise a pass or a look follows. What waits for a quiet minute must be due in that one as well.
		if (left === "nothing") noteQuiet(resources, look);
		return { cacheId, look, left };
	});
}

/**
 * Whether clients wait for the cache's own pass: no node takes writes, its new primary isn't recorded yet, or its memory
 * runs out.
 */
export function isUrgent({ plan }: Look): boolean {
	const isPressing = ({ kind }: PlanAction) => kind === "adopt-primary" || kind === "scale";
	return plan.status === "unavailable" || plan.actions.some(isPressing);
}

async function record(resources: Resources, looks: readonly Look[]): Promise<void> {
	await writeStatuses(
		resources,
		looks.filter((look) => !replacesDead(look)),
	);
	await adoptPrimaries(
		resources,
		looks.flatMap(({ cache, plan }) =>
			plan.actions.flatMap((action) =>
				action.kind === "adopt-primary" ? { ...action, cache } : [],
			),
		),
	);
}

/** It isn't placed yet, or has nothing left to place. */
function needsOwnPass({ plan }: Look): boolean {
	return plan.actions.some(({ kind }) => kind === "place" || kind === "forget");
}

function leftAfter(look: Look): Reconciled["left"] {
	if (replacesDead(look)) return "nothing";
	const kinds = new Set(look.plan.actions.map(({ kind }) => kind));
	kinds.delete("order-failover");
	const adopted = kinds.delete("adopt-primary");
	if (kinds.size > 0) return "pass";
	return adopted ? "look" : "nothing";
}
