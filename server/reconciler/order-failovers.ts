import type { CacheStatus } from "../contract/index.ts";
import type { PlanAction } from "../domain/cache/model.ts";
import type { Resources } from "../services/context.ts";
import { isUnsettled, type Look, lookAtCaches } from "./look-at-cache.ts";
import { noteCauses } from "./steps/change-nodes.ts";
import { orderFailover } from "./steps/order-failover.ts";

type Order = Extract<PlanAction, { kind: "order-failover" }>;

/** Gives the orders that these plans contain: in memory first, because clients wait for them. */
export async function giveOrders(resources: Resources, looks: readonly Look[]): Promise<void> {
	const ordered = looks.map(({ cache, plan }) => ({ cache, orders: ordersOf(plan.actions) }));
	for (const { cache, orders } of ordered) {
		for (const order of orders) orderFailover(resources, cache, order);
	}
	await noteCauses(resources, ordered);
}

/** A primary's death isn't recorded in the pass that gives the order: the next one knows the order's result. */
export function replacesDead({ plan }: Look): boolean {
	return ordersOf(plan.actions).some(({ fromState }) => fromState === "dead");
}

/**
 * When hosts are lost, many caches need a decision at once. Orders the failovers of all these caches, and leaves
 * everything else to passes of their own. Returns the caches that need one, and the status of those that don't.
 */
export async function orderFailovers(
	resources: Resources,
	cacheIds: readonly string[],
): Promise<{ unsettled: string[]; settled: { cacheId: string; status: CacheStatus }[] }> {
	const seen = await lookAtCaches(resources, cacheIds);
	await giveOrders(
		resources,
		seen.flatMap(({ look }) => look ?? []),
	);
	const unsettled: string[] = [];
	const settled: { cacheId: string; status: CacheStatus }[] = [];
	for (const { cacheId, look } of seen) {
		if (look !== null && (replacesDead(look) || !isUnsettled(look))) {
			settled.push({ cacheId, status: look.plan.status });
		} else {
			unsettled.push(cacheId);
		}
	}
	return { unsettled, settled };
}

function ordersOf(actions: readonly PlanAction[]): Order[] {
	return actions.filter((action) => action.kind === "order-failover");
}
