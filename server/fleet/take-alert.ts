import type { AlertInput, Observation, OrderResult } from "../contract/agent.ts";
import type { StoredObservation } from "../data/fleet-state.ts";
import type { Resources } from "../services/context.ts";

/**
 * Takes in what can't wait for the database: deaths, and what became of failover orders. Only from a host that has
 * reported before; the report that follows has it stored.
 */
export function takeAlert(resources: Resources, hostId: string, alert: AlertInput): void {
	const { fleet, wakeCache } = resources;
	if (!fleet.isOnline(hostId)) return;
	for (const result of alert.orders) takeOrderResult(resources, result);
	for (const seen of alert.ended) {
		const cacheId = fleet.cacheIdOf(seen.assignmentId);
		if (cacheId === null) continue;
		const before = fleet.observation(seen.assignmentId, null);
		fleet.setObservation(seen.assignmentId, { ...seen, hasSynced: hasSynced(before, seen) });
		wakeCache(cacheId);
	}
}

/** In memory, before anything else: gateways are to hear of a new leader at once, whatever the database does. */
export function takeOrderResult(resources: Resources, result: OrderResult): void {
	const { orders, notices, signals, wakeCache } = resources;
	const given = orders.finish(result);
	if (given === null) return;
	const { cacheId, clusterMode } = given.order;
	if (result.leaderNodeId !== null && clusterMode === "disabled") {
		notices.add(null, { kind: "leader", cacheId, nodeId: result.leaderNodeId });
		signals.notify("notices");
	}
	wakeCache(cacheId);
}

export function hasSynced(before: StoredObservation | null, now: Observation): boolean {
	const state = now.engineState;
	if (state !== null && (state.role === "primary" || state.linkUp)) return true;
	return before?.pid === now.pid && before.hasSynced;
}
