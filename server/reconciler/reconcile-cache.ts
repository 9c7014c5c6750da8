import { isDeepStrictEqual } from "node:util";
import type { CacheStatus } from "../contract/index.ts";
import type { FullCache } from "../data/cache-mapping.ts";
import { writeInCharge } from "../data/charge.ts";
import { readFullCaches } from "../data/read-full-caches.ts";
import { recordEvent } from "../data/record-event.ts";
import { afterAttempt, blockEvents } from "../domain/cache/blocks.ts";
import type { Block, Plan, PlanAction, PlanEvent } from "../domain/cache/model.ts";
import { meterNodes } from "../fleet/meter-nodes.ts";
import { readRoutes } from "../fleet/read-routes.ts";
import type { Resources } from "../services/context.ts";
import { lookAtCache, noteQuiet } from "./look-at-cache.ts";
import { giveOrders, replacesDead } from "./order-failovers.ts";
import { abandonNodes } from "./steps/abandon-nodes.ts";
import { adoptPrimaries } from "./steps/adopt-primaries.ts";
import { advanceOperation } from "./steps/advance-operation.ts";
import { assignPorts } from "./steps/assign-ports.ts";
import { renewNode, resizeNode } from "./steps/change-kind.ts";
import {
	dropFailover,
	forgetCause,
	movePort,
	permitLaunch,
	publishDiscovery,
	rebootNode,
	removeNodes,
	requestFailover,
} from "./steps/change-nodes.ts";
import { endHung } from "./steps/order-failover.ts";
import { placeCache } from "./steps/place-cache.ts";
import { addReplacement } from "./steps/replace-node.ts";
import { addNodes, changeMembership } from "./steps/resize-cache.ts";
import { finishRestore, prepareRestore } from "./steps/restore-shards.ts";
import { retireNode } from "./steps/retire-node.ts";
import { scaleCache } from "./steps/scale-cache.ts";
import { setDetached } from "./steps/set-detached.ts";
import { changeSleep } from "./steps/sleep-cache.ts";
import { startPending } from "./steps/start-pending.ts";
import { writeStatuses } from "./write-statuses.ts";

/** One at a time, so that two placements don't count the same free memory. */
export type PlacementLock = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * One pass over one cache: observe → plan → write status once → apply. A step that can't be carried out says why;
 * the cache keeps that (`blocks`), and the next plan turns it into the status. Returns whether to look again at
 * once, because the pass changed what the next one will see.
 */
export async function reconcileCache(
	resources: Resources,
	cacheId: string,
	placementLock: PlacementLock,
): Promise<{ again: boolean; status: CacheStatus | "gone" }> {
	const [cache] = await readFullCaches(resources.db, [cacheId]);
	if (cache === undefined) return { again: false, status: "gone" };
	const look = lookAtCache(resources, cache);
	noteQuiet(resources, look);
	const { model, plan } = look;
	if (plan.actions.some((action) => action.kind === "forget")) {
		const isForgotten = await forgetCache(resources, cache, plan);
		return { again: !isForgotten, status: isForgotten ? "gone" : plan.status };
	}
	await giveOrders(resources, [look]);
	if (replacesDead(look)) return { again: false, status: plan.status };
	await writeStatuses(resources, [look]);
	let again = false;
	let blocks = plan.blocks;
	for (const action of plan.actions) {
		const reason = await apply(resources, cache, action, placementLock);
		blocks = afterAttempt(blocks, action, reason);
		if (reason === null && !LEFT_TO_HOSTS.has(action.kind)) again = true;
	}
	if (!isDeepStrictEqual(blocks, plan.blocks)) {
		await writeBlocks(resources, cache, blocks, blockEvents(model, plan.actions, blocks));
		again = true;
	}
	return { again, status: plan.status };
}

/**
 * After these it is the hosts' turn: another pass at once would only get in their way. `scale` and `resize-node` ask for
 * one themselves if there is more to do than what hosts do.
 */
const LEFT_TO_HOSTS: ReadonlySet<PlanAction["kind"]> = new Set([
	...(["place", "end-hung", "scale", "resize-node", "detach-node", "attach-node"] as const),
]);

/** Returns null once the action is done, or the reason why it can't be done now. */
async function apply(
	resources: Resources,
	cache: FullCache,
	action: PlanAction,
	placementLock: PlacementLock,
): Promise<string | null> {
	switch (action.kind) {
		case "place":
			return placementLock(() => placeCache(resources, cache));
		case "adopt-primary":
			await adoptPrimaries(resources, [{ ...action, cache }]);
			return null;
		case "end-hung":
			endHung(resources, cache, action.nodeId);
			return null;
		case "drop-failover":
			await dropFailover(resources, cache, action.shardId, action.reason);
			return null;
		case "forget-cause":
			await forgetCause(resources, action.shardId);
			return null;
		case "request-failover":
			await requestFailover(resources, action);
			return null;
		case "add-replacement":
			return placementLock(() => addReplacement(resources, cache, action));
		case "add-nodes":
			return placementLock(() => addNodes(resources, cache, action));
		case "join-node":
		case "leave-node":
		case "keep-node":
			await changeMembership(resources, cache, action);
			return null;
		case "advance-operation":
			await advanceOperation(resources, cache, action.step);
			return null;
		case "scale":
			return placementLock(() => scaleCache(resources, cache));
		case "sleep":
			return placementLock(() => changeSleep(resources, cache, action.step));
		case "start-pending":
			return startPending(resources, cache, action.when);
		case "resize-node":
			return placementLock(() => resizeNode(resources, cache, action.nodeId));
		case "renew-node":
			await renewNode(resources, cache, action.nodeId);
			return null;
		case "retire":
			await retireNode(resources, cache, action.nodeId);
			return null;
		case "detach-node":
		case "attach-node":
			await setDetached(resources, cache, action);
			return null;
		case "prepare-restore":
			await prepareRestore(resources, cache, action.shardId);
			return null;
		case "finish-restore":
			await finishRestore(resources, cache);
			return null;
		case "permit-launch":
			await permitLaunch(resources, cache, action.nodeId);
			return null;
		case "move-port":
			return movePort(resources, cache, action.nodeId);
		case "remove-nodes":
			// Their last minute counts too, and all of a cache that has lived for less.
			await meterNodes(resources);
			await removeNodes(resources, cache);
			return null;
		case "assign-ports":
			return placementLock(() => assignPorts(resources, cache));
		case "reboot":
			await rebootNode(resources, cache, action.nodeId);
			return null;
		case "publish-discovery":
			await publishDiscovery(resources, cache, action.nodeIds);
			return null;
		// Both are handled before the others.
		case "order-failover":
		case "forget":
			return null;
	}
}

/** Stores what blocked the steps, and reports it once. The next plan makes it part of the status. */
async function writeBlocks(
	resources: Resources,
	cache: FullCache,
	blocks: readonly Block[],
	events: readonly PlanEvent[],
): Promise<void> {
	await writeInCharge(resources, async (tx) => {
		const { count } = await tx.cache.updateMany({
			where: { id: cache.id, generation: cache.generation },
			data: { blocks: blocks.map((block) => ({ ...block })) },
		});
		if (count === 0) return;
		for (const event of events) {
			await recordEvent(tx, resources.clock, { ...event, cacheName: cache.name });
		}
	});
}

/** False if a lost host has returned meanwhile: it removes its nodes itself. */
async function forgetCache(resources: Resources, cache: FullCache, plan: Plan): Promise<boolean> {
	// Before the row is deleted: it says that the cache has no route any more.
	await readRoutes(resources);
	return await writeInCharge(resources, async (tx) => {
		if (!(await abandonNodes(tx, cache))) return false;
		await tx.cache.delete({ where: { id: cache.id } });
		resources.fleet.elastic.setLimit(cache.id, null);
		for (const event of plan.events) {
			await recordEvent(tx, resources.clock, { ...event, cacheName: cache.name });
		}
		return true;
	});
}
