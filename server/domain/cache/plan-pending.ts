import { isInWindow } from "../../contract/maintenance-window.ts";
import { allNodes, type CacheModel, type PendingWhen, type PlanAction } from "./model.ts";

/**
 * Starts changes that have waited, once no other change is under way: what follows the last one, or, while the
 * maintenance window is open, what waits for it. A change that begins in the window continues after its end.
 */
export function planPending(cache: CacheModel, now: Date): PlanAction[] {
	if (!cache.everAvailable || isChanging(cache)) return [];
	const due = (["next", "window"] satisfies PendingWhen[]).find(
		(when) =>
			cache.pending.includes(when) && (when === "next" || isInWindow(cache.maintenanceWindow, now)),
	);
	return due === undefined ? [] : [{ kind: "start-pending", when: due }];
}

/** Nodes change, move or restart, or slots move, because a person asked for it. */
export function isChanging(cache: CacheModel): boolean {
	return cache.modeChange !== null || areNodesChanging(cache);
}

/** The same, except for a change of the cluster mode. */
export function areNodesChanging(cache: CacheModel): boolean {
	return (
		cache.resizing ||
		cache.operation !== null ||
		allNodes(cache).some(({ moveTo, rebootPending }) => moveTo !== null || rebootPending)
	);
}
