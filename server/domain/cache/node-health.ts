import type { NodeStatus } from "../../contract/index.ts";
import { HUNG_TIMING } from "../../contract/limits.ts";
import { readSlots } from "../../contract/slots.ts";
import { isWithin } from "../operation/operation.ts";
import type { CacheModel, NodeModel, ShardModel } from "./model.ts";
import { primaryOf } from "./model.ts";

/** Its engine answers with its role and has loaded its data, on a host that reports. */
export function isServing(node: NodeModel): boolean {
	return (
		node.host.online &&
		node.observation?.phase === "running" &&
		node.observation.engineState !== null &&
		!node.observation.engineState.loading &&
		!isAnotherNode(node)
	);
}

/** The process identifies itself as another node of the cluster: it has none of this one's data. */
function isAnotherNode({ clusterNodeId, observation }: NodeModel): boolean {
	const cluster = observation?.engineState?.cluster ?? null;
	return cluster !== null && cluster.nodeId !== clusterNodeId;
}

/**
 * Accepts writes: it says that it is primary, and in cluster mode that it has the shard's slots. While slots move, it
 * may have both those from before and those from after.
 */
export function isServingPrimary(node: NodeModel, shard: ShardModel): boolean {
	const state = node.observation?.engineState;
	if (!isServing(node) || state?.role !== "primary") return false;
	if (state.cluster === null || state.cluster.slots === shard.slots) return true;
	return shard.bounds !== null && isWithin(shard.bounds, readSlots(state.cluster.slots));
}

/** A replica that follows the given primary with its link up and its first sync done. */
export function isReplicaInSync(node: NodeModel, primary: NodeModel): boolean {
	const state = node.observation?.engineState;
	if (!isServing(node) || state?.role !== "replica" || !state.linkUp) return false;
	return state.cluster === null
		? state.primaryHost === primary.host.address && state.primaryPort === primary.port
		: state.cluster.primaryNodeId === primary.clusterNodeId;
}

/** In the wanted role, and serving. A detached replica isn't expected to follow its primary. */
export function isHealthy(node: NodeModel, shard: ShardModel): boolean {
	if (node.observation?.engineState?.role === "node") return isServing(node);
	const primary = primaryOf(shard);
	if (primary === undefined) return false;
	if (node.id === primary.id) return isServingPrimary(node, shard);
	return node.detached ? isServing(node) : isReplicaInSync(node, primary);
}

/**
 * The engine shows clients the whole wanted cluster. Always true without cluster mode. While slots move, views may
 * differ, because engines don't all learn of a move at the same time.
 */
export function seesWholeCluster(node: NodeModel, cache: CacheModel): boolean {
	if (cache.expectedView === null) return true;
	const cluster = node.observation?.engineState?.cluster;
	if (cluster?.ok !== true) return false;
	return cluster.view === cache.expectedView || areSlotsMoving(cache);
}

function areSlotsMoving({ operation }: CacheModel): boolean {
	return operation?.cursor.phase === "move";
}

/** The host has applied the newest generation. */
export function isConverged(node: NodeModel): boolean {
	const { observation, generation, port } = node;
	return observation?.generation === generation && observation.port === port && !isRebooting(node);
}

/**
 * A serverless cache's nodes are told of another size at any time. They serve while they take it, so nothing waits for
 * that.
 */
export function isAdjusting(cache: CacheModel, node: NodeModel): boolean {
	const { observation, generation, port } = node;
	if (cache.elastic === null || !cache.everAvailable || isRebooting(node)) return false;
	return observation !== null && observation.generation < generation && observation.port === port;
}

/** Its host has been told to reboot it, and hasn't reported completion. */
export function isRebooting(node: NodeModel): boolean {
	return node.observation !== null && node.observation.reboot < node.reboot;
}

/** Whether the node by itself is as it should be. */
export function isSettled(node: NodeModel, shard: ShardModel, cache: CacheModel): boolean {
	const isCurrent = isConverged(node) || isAdjusting(cache, node) || node.detached;
	return isCurrent && isHealthy(node, shard) && seesWholeCluster(node, cache);
}

/** Healthy, as far as can be seen now. */
export function isWell(node: NodeModel, shard: ShardModel): boolean {
	return isHealthy(node, shard) && !isSilent(node);
}

/** Does its job, so that another can go. */
export function isInPlace(cache: CacheModel, shard: ShardModel, node: NodeModel): boolean {
	if (!isConverged(node) || !isWell(node, shard)) return false;
	// Engines don't show clients a missing node, so views differ from the wanted one until that node is removed.
	const isMissing = (each: NodeModel, its: ShardModel) =>
		!isServing(each) || isSilent(each) || (isLeftBehind(cache, its, each) && !isHealthy(each, its));
	const isComplete = !cache.shards.some((its) => its.nodes.some((each) => isMissing(each, its)));
	return !isComplete || seesWholeCluster(node, cache);
}

/** It can't copy from a primary with the engine that the cache wants, until it is replaced itself. */
export function isLeftBehind(cache: CacheModel, shard: ShardModel, node: NodeModel): boolean {
	const primary = primaryOf(shard);
	const isAsWanted = ({ kind }: NodeModel) =>
		kind.engine === cache.engine && kind.engineVersion === cache.engineVersion;
	return primary !== undefined && isAsWanted(primary) && !isAsWanted(node);
}

/**
 * Known to be dead under its present permit: not about to be started by its host, and not merely invisible. A
 * host that has fallen silent since starts no primary on its own.
 */
export function isDead(node: NodeModel): boolean {
	return node.observation?.phase === "exited" && node.observation.launchPermit >= node.launchPermit;
}

/** What was last reported about it may no longer be true. */
export function isSilent(node: NodeModel): boolean {
	return node.host.suspect || !node.host.online;
}

/** Its process has run without answering, and isn't busy, for so long that another node should lead. */
export function isHung(node: NodeModel, now: Date): boolean {
	const since = node.observation?.silentSince ?? null;
	return (
		since !== null &&
		node.observation?.busy !== true &&
		!isSilent(node) &&
		now.getTime() - Date.parse(since) > HUNG_TIMING.askedAfterMs
	);
}

/**
 * A replica that holds its primary's data. One that never finished a sync is empty: promoting it would lose
 * everything.
 */
export function holdsData(node: NodeModel): boolean {
	return isServingReplica(node) && node.hasSynced;
}

/** A replica that holds data kept through a reboot, and hasn't synced since: better than nothing, but old. */
export function holdsKeptData(node: NodeModel): boolean {
	return isServingReplica(node) && !node.hasSynced && node.observation?.keptData === true;
}

/**
 * Whether it may hold the shard's data, whatever it last reported: its process lives, or will be back from a
 * reboot. It may have synced since.
 */
export function mayHoldData({ observation }: NodeModel): boolean {
	if (observation === null || observation.phase === "exited") return false;
	return observation.pid !== null || observation.keptData;
}

function isServingReplica(node: NodeModel): boolean {
	return isServing(node) && node.observation?.engineState?.role === "replica";
}

export function nodeStatus(cache: CacheModel, shard: ShardModel, node: NodeModel): NodeStatus {
	if (node.removed || node.leavingAt !== null) return "deleting";
	if (node.observation === null) return "creating";
	if (!node.host.online) return "unknown";
	if (node.observation.asleep === true) return "asleep";
	switch (node.observation.phase) {
		case "waiting":
			return node.observation.launchPermit === -1 ? "creating" : "failed";
		case "rebooting":
			return "rebooting";
		case "starting":
			if (isRebooting(node)) return "rebooting";
			return cache.everAvailable && !node.joining ? "restarting" : "creating";
		case "exited":
			return "failed";
		case "stopping":
			return "deleting";
		case "running":
			if (isRebooting(node)) return "rebooting";
			return isHealthy(node, shard) ? "available" : "syncing";
	}
}
