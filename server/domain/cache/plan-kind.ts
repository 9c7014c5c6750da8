import type { CacheModel, NodeModel, PlanAction, ShardModel } from "./model.ts";
import { isConverged, isReplicaInSync, isWell } from "./node-health.ts";
import { engineTitle, hasWantedEngine, isOtherEngine, isOtherSize } from "./node-kind.ts";
import { isBusy, pairsOf } from "./node-pairs.ts";
import type { FleetRoom } from "./zone-spread.ts";

/**
 * Changes nodes in place to the node type or engine that the cache wants. A node type changes in place if the host has
 * room. An engine changes in place, by a restart, only if no host has room for a successor: plan-replacements.ts handles
 * all other cases.
 *
 *   wrong type      resize-node, all nodes together ──no room on the host──> a successor
 *   wrong engine    a successor ──no room anywhere──> renew-node: replicas one by one, then the primary, once one of
 *                   them has taken over, or as it is if it is alone
 */
export function planKind(cache: CacheModel, room: FleetRoom): PlanAction[] {
	if (!cache.everAvailable || cache.deleting) return [];
	return cache.shards.flatMap((shard) => [
		...shard.nodes
			.filter((node) => isOtherSize(cache, node) && !isOtherEngine(cache, node))
			.filter((node) => mayChange(shard, node))
			.map((node): PlanAction => ({ kind: "resize-node", nodeId: node.id })),
		...renewNext(cache, shard, room),
	]);
}

function mayChange(shard: ShardModel, node: NodeModel): boolean {
	const { draining, lost } = node.host;
	const isReplaced = pairsOf(shard).some(({ outgoing }) => outgoing === node);
	return isWell(node, shard) && isConverged(node) && !draining && !lost && !isReplaced;
}

function renewNext(cache: CacheModel, shard: ShardModel, room: FleetRoom): PlanAction[] {
	const isDone = (node: NodeModel) => !isOtherEngine(cache, node);
	const [next] = shard.nodes
		.filter((node) => !isDone(node))
		.sort((a, b) => leads(shard, a) - leads(shard, b));
	if (next === undefined || !room.problems.has(next.id)) return [];
	// Files of one engine aren't read by another, nor is its process recognized.
	if (next.kind.engine !== cache.engine || !hasWantedEngine(cache, next)) return [];
	if (isBusy(cache, shard) || pairsOf(shard).length > 0 || next.host.draining) return [];
	const others = shard.nodes.filter((node) => node !== next);
	const isQuiet = (node: NodeModel) => !node.rebootPending && isConverged(node);
	if (!others.every((node) => isQuiet(node) && isWell(node, shard)) || !isQuiet(next)) return [];
	if (leads(shard, next) === 0 || others.length === 0) {
		return [{ kind: "renew-node", nodeId: next.id }];
	}
	const heir = others.find((node) => isReplicaInSync(node, next));
	if (heir === undefined || shard.failoverTroubled) return [];
	const cause = `${next.name} changes to ${engineTitle(cache.engine, cache.engineVersion)}`;
	return [{ kind: "request-failover", shardId: shard.id, toNodeId: heir.id, cause }];
}

function leads({ primaryNodeId }: ShardModel, { id }: NodeModel): number {
	return Number(id === primaryNodeId);
}
