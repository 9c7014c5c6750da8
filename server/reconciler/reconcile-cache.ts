import type { CacheStatus } from "../contract/index.ts";
import { FULL_CACHE, type FullCache, toCacheModel } from "../data/cache-mapping.ts";
import { fleetRoom } from "../data/fleet-room.ts";
import { recordEvent } from "../data/record-event.ts";
import type { CacheModel, Plan, PlanAction } from "../domain/cache/model.ts";
import { planCache } from "../domain/cache/plan-cache.ts";
import { bumpRoutes, wakeGateways } from "../services/bump-hosts.ts";
import type { Resources } from "../services/context.ts";
import { assignPorts } from "./steps/assign-ports.ts";
import {
	adoptPrimary,
	dropFailover,
	movePort,
	permitLaunch,
	publishDiscovery,
	rebootNode,
	removeNodes,
	requestFailover,
} from "./steps/change-nodes.ts";
import { endHung, orderFailover } from "./steps/order-failover.ts";
import { placeCache } from "./steps/place-cache.ts";
import { addReplacement, retireNode } from "./steps/replace-node.ts";

/** One at a time, so that two placements don't count the same free memory. */
export type PlacementLock = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * One pass over one cache: observe → plan → apply → write status once. Returns whether to look again at once, because
 * the pass changed what the next one will see.
 */
export async function reconcileCache(
	resources: Resources,
	cacheId: string,
	placementLock: PlacementLock,
): Promise<{ again: boolean; status: CacheStatus | "gone" }> {
	const cache = await resources.db.cache.findUnique({
		where: { id: cacheId },
		include: FULL_CACHE,
	});
	if (cache === null) return { again: false, status: "gone" };
	const model = toCacheModel(cache, resources);
	const room = fleetRoom(resources.fleet, cache);
	const plan = planCache(model, resources.clock.now(), room);
	if (plan.actions.some((action) => action.kind === "forget")) {
		await forgetCache(resources, cache, plan);
		return { again: false, status: "gone" };
	}
	// In memory, and what clients wait for. Of a primary's death nothing is written in the same pass: the next one knows
	// what came of the order.
	const orders = plan.actions.filter((action) => action.kind === "order-failover");
	for (const order of orders) orderFailover(resources, cache, order);
	if (orders.some(({ fromState }) => fromState === "dead")) {
		return { again: false, status: plan.status };
	}
	await writeStatus(resources, cache, model, plan);
	let again = false;
	for (const action of plan.actions) {
		const reason = await apply(resources, cache, action, placementLock);
		if (reason === null) {
			if (!LEFT_TO_HOSTS.has(action.kind)) again = true;
			continue;
		}
		// Of a node that finds no place the step itself has told, and the next plan's reasons tell.
		if (action.kind !== "add-replacement") await writeWaiting(resources, cache, reason);
	}
	return { again, status: plan.status };
}

/** After these the hosts have the word: looking at once would only be in their way. */
const LEFT_TO_HOSTS: ReadonlySet<PlanAction["kind"]> = new Set(["place", "end-hung"]);

/** Null once done; the reason if it can't be done now. */
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
			await adoptPrimary(resources, cache, action.nodeId, action.cause);
			return null;
		case "end-hung":
			endHung(resources, cache, action.nodeId);
			return null;
		case "drop-failover":
			await dropFailover(resources, cache, action.shardId, action.reason);
			return null;
		case "request-failover":
			await requestFailover(resources, action);
			return null;
		case "add-replacement":
			return placementLock(() => addReplacement(resources, cache, action.nodeId, action.empty));
		case "retire":
			await retireNode(resources, cache, action.nodeId);
			return null;
		case "permit-launch":
			await permitLaunch(resources, cache, action.nodeId);
			return null;
		case "move-port":
			await movePort(resources, cache, action.nodeId);
			return null;
		case "remove-nodes":
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
		// Both are done before the others.
		case "order-failover":
		case "forget":
			return null;
	}
}

async function writeStatus(
	resources: Resources,
	cache: FullCache,
	model: CacheModel,
	plan: Plan,
): Promise<void> {
	const same =
		cache.status === plan.status &&
		cache.statusReason === plan.statusReason &&
		JSON.stringify(model.progress) === JSON.stringify(plan.progress);
	if (same && plan.events.length === 0) return;
	const placing = plan.actions.some((action) => action.kind === "place");
	// Placement writes the nodes a moment later; until it has, there is no news in its first step.
	if (placing && cache.statusReason === null) return;
	await resources.db.$transaction(async (tx) => {
		// The generation guards against a deletion that came after this pass had read the cache.
		const { count } = await tx.cache.updateMany({
			where: { id: cache.id, generation: cache.generation },
			data: {
				status: plan.status,
				statusReason: plan.statusReason,
				progress: plan.progress,
				...(plan.becameAvailable && { availableAt: resources.clock.now() }),
			},
		});
		if (count === 0) return;
		// From now on Sentinels watch it.
		if (plan.becameAvailable) await bumpRoutes(tx, cache.id);
		for (const event of plan.events) {
			await recordEvent(tx, resources.clock, { ...event, cacheName: cache.name });
		}
	});
	if (plan.becameAvailable) wakeGateways(resources);
}

async function writeWaiting(resources: Resources, cache: FullCache, reason: string): Promise<void> {
	if (cache.statusReason === reason) return;
	const { progress } = planCache(
		toCacheModel(cache, resources),
		resources.clock.now(),
		fleetRoom(resources.fleet, cache),
	);
	await resources.db.$transaction(async (tx) => {
		const { count } = await tx.cache.updateMany({
			where: { id: cache.id, generation: cache.generation },
			data: {
				statusReason: reason,
				progress: progress.map((step) =>
					step.state === "running" ? { ...step, state: "waiting" } : step,
				),
			},
		});
		if (count === 0) return;
		await recordEvent(tx, resources.clock, {
			severity: "warning",
			type: "cache.waiting",
			message: `Cache ${cache.name}: ${reason}`,
			cacheName: cache.name,
		});
	});
}

async function forgetCache(resources: Resources, cache: FullCache, plan: Plan): Promise<void> {
	await resources.db.$transaction(async (tx) => {
		await tx.cache.delete({ where: { id: cache.id } });
		for (const event of plan.events) {
			await recordEvent(tx, resources.clock, { ...event, cacheName: cache.name });
		}
	});
}
