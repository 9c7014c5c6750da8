import type { NodeStatus } from "../../contract/index.ts";
import type { CacheModel, NodeModel } from "./model.ts";

/** A role read from an engine that answers now, on a host that reports. */
export function isServing(node: NodeModel): boolean {
	return (
		node.host.online &&
		node.observation?.phase === "running" &&
		node.observation.engineState !== null &&
		!node.observation.engineState.loading
	);
}

export function isServingPrimary(node: NodeModel): boolean {
	return isServing(node) && node.observation?.engineState?.role === "primary";
}

/** A replica that follows the given primary with its link up and its first sync done. */
export function isReplicaInSync(node: NodeModel, primary: NodeModel): boolean {
	const state = node.observation?.engineState;
	return (
		isServing(node) &&
		state?.role === "replica" &&
		state.linkUp &&
		state.primaryHost === primary.host.address &&
		state.primaryPort === primary.port
	);
}

/** Whether the node is what it should be, as far as itself goes. */
export function isSettled(node: NodeModel, primary: NodeModel): boolean {
	if (node.observation?.generation !== node.generation) return false;
	return node.id === primary.id ? isServingPrimary(node) : isReplicaInSync(node, primary);
}

/**
 * Known to be dead under its present permit: not one that the host is about to start, and not one that merely can't
 * be seen.
 */
export function isDead(node: NodeModel): boolean {
	return (
		node.host.online &&
		node.observation?.phase === "exited" &&
		node.observation.launchPermit >= node.launchPermit
	);
}

/** A replica that holds what its primary had. One that never finished a sync is empty: promoting it would lose all. */
export function holdsData(node: NodeModel): boolean {
	return isServing(node) && node.observation?.engineState?.role === "replica" && node.hasSynced;
}

export function nodeStatus(cache: CacheModel, node: NodeModel, primary: NodeModel): NodeStatus {
	if (node.removed) return "deleting";
	if (node.observation === null) return "creating";
	if (!node.host.online) return "unknown";
	switch (node.observation.phase) {
		case "waiting":
			return node.observation.launchPermit === -1 ? "creating" : "failed";
		case "starting":
			return cache.everAvailable ? "restarting" : "creating";
		case "exited":
			return "failed";
		case "stopping":
			return "deleting";
		case "running":
			return isSettled(node, primary) ? "available" : "syncing";
	}
}
