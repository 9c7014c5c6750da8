import { isDeepStrictEqual } from "node:util";
import { causeOf, type FullCache } from "../data/cache-mapping.ts";
import { writeInCharge } from "../data/charge.ts";
import { lockCaches } from "../data/row-locks.ts";
import { storeCauses } from "../data/store-failovers.ts";
import type { FailoverAction, PlanAction } from "../domain/cache/model.ts";
import type { Resources } from "../services/context.ts";
import type { Look } from "./look-at-cache.ts";
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

/** Records why failovers were ordered, so that the next control plane knows it if this one dies. */
async function noteCauses(
	resources: Resources,
	ordered: readonly { cache: FullCache; orders: readonly FailoverAction[] }[],
): Promise<void> {
	const news = ordered.flatMap(({ cache, orders }) =>
		orders.flatMap(({ shardId, failover: kind, cause }) => {
			const shard = cache.shards.find(({ id }) => id === shardId);
			const isKnown = shard === undefined || isDeepStrictEqual(causeOf(shard), { kind, cause });
			return isKnown ? [] : { cacheId: cache.id, shardId, failoverCause: { kind, cause } };
		}),
	);
	if (news.length === 0) return;
	await writeInCharge(resources, async (tx) => {
		await lockCaches(tx, [...new Set(news.map(({ cacheId }) => cacheId))]);
		await storeCauses(tx, news);
	});
}

function ordersOf(actions: readonly PlanAction[]): FailoverAction[] {
	return actions.filter((action) => action.kind === "order-failover");
}
