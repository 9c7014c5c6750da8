import type { FailoverAction, PlanAction } from "../domain/cache/model.ts";
import type { Resources } from "../services/context.ts";
import { type Look, lookAtCaches, type Seen } from "./look-at-cache.ts";
import { noteCauses } from "./steps/change-nodes.ts";
import { orderFailover } from "./steps/order-failover.ts";

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
 * When hosts are lost, many caches need a decision at the same time. Orders the failovers of all these caches, and
 * leaves everything else to passes of their own. Returns what it saw.
 */
export async function orderFailovers(
	resources: Resources,
	cacheIds: readonly string[],
): Promise<Seen[]> {
	const seen = await lookAtCaches(resources, cacheIds);
	await giveOrders(
		resources,
		seen.flatMap(({ look }) => look ?? []),
	);
	return seen;
}

/**
 * Whether clients wait for the cache's own pass: no node takes writes, its new primary isn't recorded yet, or its memory
 * runs out.
 */
export function isUrgent({ plan }: Look): boolean {
	const isPressing = ({ kind }: PlanAction) => kind === "adopt-primary" || kind === "scale";
	return plan.status === "unavailable" || plan.actions.some(isPressing);
}

function ordersOf(actions: readonly PlanAction[]): FailoverAction[] {
	return actions.filter((action) => action.kind === "order-failover");
}
