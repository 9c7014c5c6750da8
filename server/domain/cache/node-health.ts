import type { NodeStatus } from "../../contract/index.ts";
import { HUNG_TIMING } from "../../contract/limits.ts";
import type { CacheModel, NodeModel, ShardModel } from "./model.ts";
import { primaryOf } from "./model.ts";

/** A role read from an engine that answers now, on a host that reports. */
export function isServing(node: NodeModel): boolean {
	return (
		node.host.online &&
		node.observation?.phase === "running" &&
		node.observation.engineState !== null &&
		!node.observation.engineState.loading
	);
}

/** Takes writes: it says that it is primary, in cluster mode also of the shard's slots. */
export function isServingPrimary(node: NodeModel, shard: ShardModel): boolean {
	const state = node.observation?.engineState;
	if (!isServing(node) || state?.role !== "primary") return false;
	return state.cluster === null || state.cluster.slots === shard.slots;
}

/** A replica that follows the given primary with its link up and its first sync done. */
export function isReplicaInSync(node: NodeModel, primary: NodeModel): boolean {
	const state = node.observation?.engineState;
	if (!isServing(node) || state?.role !== "replica" || !state.linkUp) return false;
	return state.cluster === null
		? state.primaryHost === primary.host.address && state.primaryPort === primary.port
		: state.cluster.primaryNodeId === primary.clusterNodeId;
}

/** In the role that is wanted, and serving. */
export function isHealthy(node: NodeModel, shard: ShardModel): boolean {
	if (node.observation?.engineState?.role === "node") return isServing(node);
	const primary = primaryOf(shard);
	if (primary === undefined) return false;
	return node.id === primary.id ? isServingPrimary(node, shard) : isReplicaInSync(node, primary);
}

/** The engine shows clients the whole cluster as it is wanted. Always true without cluster mode. */
export function seesWholeCluster(node: NodeModel, cache: CacheModel): boolean {
	if (cache.expectedView === null) return true;
	const cluster = node.observation?.engineState?.cluster;
	return cluster?.ok === true && cluster.view === cache.expectedView;
}

/** The host has carried out the newest word on it. */
export function isConverged(node: NodeModel): boolean {
	const { observation, generation, port } = node;
	return observation?.generation === generation && observation.port === port && !isRebooting(node);
}

/** Its host has been told to, and hasn't said that it is done. */
export function isRebooting(node: NodeModel): boolean {
	return node.observation !== null && node.observation.reboot < node.reboot;
}

/** Whether the node is what it should be, as far as itself goes. */
export function isSettled(node: NodeModel, shard: ShardModel, cache: CacheModel): boolean {
	return isConverged(node) && isHealthy(node, shard) && seesWholeCluster(node, cache);
}

/**
 * Known to be dead under its present permit: not one that the host is about to start, and not one that merely can't
 * be seen. A host that has fallen silent since starts no primary on its own.
 */
export function isDead(node: NodeModel): boolean {
	return node.observation?.phase === "exited" && node.observation.launchPermit >= node.launchPermit;
}

/** What was last heard of it may no longer be true. */
export function isSilent(node: NodeModel): boolean {
	return node.host.suspect || !node.host.online;
}

/** Its process runs without answering for so long that somebody else should lead. */
export function isHung(node: NodeModel, now: Date): boolean {
	const since = node.observation?.silentSince ?? null;
	return (
		since !== null &&
		!isSilent(node) &&
		now.getTime() - Date.parse(since) > HUNG_TIMING.askedAfterMs
	);
}

/** A replica that holds what its primary had. One that never finished a sync is empty: promoting it would lose all. */
export function holdsData(node: NodeModel): boolean {
	return isServing(node) && node.observation?.engineState?.role === "replica" && node.hasSynced;
}

export function nodeStatus(cache: CacheModel, shard: ShardModel, node: NodeModel): NodeStatus {
	if (node.removed) return "deleting";
	if (node.observation === null) return "creating";
	if (!node.host.online) return "unknown";
	switch (node.observation.phase) {
		case "waiting":
			return node.observation.launchPermit === -1 ? "creating" : "failed";
		case "rebooting":
			return "rebooting";
		case "starting":
			if (isRebooting(node)) return "rebooting";
			return cache.everAvailable ? "restarting" : "creating";
		case "exited":
			return "failed";
		case "stopping":
			return "deleting";
		case "running":
			if (isRebooting(node)) return "rebooting";
			return isHealthy(node, shard) ? "available" : "syncing";
	}
}
