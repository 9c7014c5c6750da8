import type { AlertInput } from "../contract/host-alert.ts";
import type { OrderResult } from "../contract/host-report.ts";
import { historyAfter } from "../domain/cache/process-history.ts";
import { wakeForNotices } from "../services/bump-hosts.ts";
import type { Resources } from "../services/context.ts";
import { HostRule } from "./host-scope.ts";
import { noteOverreach } from "./note-overreach.ts";
import { scopeInMemory } from "./read-scope.ts";

/**
 * Processes what can't wait for the database: deaths, results of failover orders, and nodes that need more memory. Accepts
 * them only from a host that is online, and only about its own nodes and orders. The next report stores deaths and
 * results. Reports about others are noted afterward.
 */
export async function takeAlert(
	resources: Resources,
	hostId: string,
	said: AlertInput,
): Promise<void> {
	const { fleet, wakeCache, clock } = resources;
	if (!fleet.isOnline(hostId)) return;
	const rule = new HostRule(scopeInMemory(resources, hostId));
	const alert = rule.alert(said);
	for (const result of alert.orders) takeOrderResult(resources, hostId, result);
	for (const seen of alert.ended) {
		const place = fleet.placeOf(seen.assignmentId);
		if (place === null) continue;
		const before = fleet.observation(seen.assignmentId, null);
		fleet.setObservation(seen.assignmentId, { ...seen, ...historyAfter(before, seen) });
		wakeCache(place.cacheId, "urgent");
	}
	for (const growth of alert.growing ?? []) {
		const place = fleet.placeOf(growth.assignmentId);
		if (place === null) continue;
		fleet.elastic.takeGrowth(growth.assignmentId, clock.now().getTime(), growth);
		wakeCache(place.cacheId, "urgent");
	}
	for (const cacheId of alert.waking ?? []) {
		fleet.elastic.need(cacheId, "a client is waiting for it", clock.now().getTime());
		wakeCache(cacheId, "urgent");
	}
	await noteOverreach(resources, hostId, rule.refused);
}

/**
 * In memory, before anything else: the gateways that serve the cache must learn of the new primary immediately,
 * whatever the database does. Once all of them route to it, the host that carried out the order is notified: until
 * then it holds up writes at the old primary.
 */
export function takeOrderResult(resources: Resources, hostId: string, result: OrderResult): void {
	const { orders, notices, routes, fleet, wakeCache } = resources;
	const given = orders.finish(result);
	if (given === null) return;
	const { id: orderId, cacheId, clusterMode, kind } = given.order;
	if (result.leaderNodeId !== null && clusterMode === "disabled") {
		const { leaderNodeId: nodeId } = result;
		const serving = routes.hostsOf(cacheId);
		const seq = notices.add(serving, { kind: "leader", cacheId, nodeId });
		wakeForNotices(resources, serving);
		if (kind === "planned") {
			const listening = serving.filter((each) => fleet.isListening(each));
			notices.onceHeld(seq, listening, () => {
				notices.add([hostId], { kind: "endpoints-follow", orderId });
				wakeForNotices(resources, [hostId]);
			});
		}
	}
	// A new primary is recorded once its host has reported it as one (note-promotions.ts).
	const leader = fleet.observation(result.leaderNodeId ?? "", null);
	const isAwaited = result.outcome === "done" && leader?.engineState?.role === "replica";
	if (!isAwaited) wakeCache(cacheId, "urgent");
}
