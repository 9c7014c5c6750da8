import type { CacheModel, NodeModel, PlanAction, ShardModel } from "./model.ts";
import { primaryOf } from "./model.ts";
import { isReplicaInSync, isSettled, isSilent } from "./node-health.ts";

/**
 * Failovers gather a cluster's primaries in few zones, until one zone's loss would take away the majority that elects new
 * ones. While all is well, one of them at a time hands over to a replica in a zone that has fewer. Only what holds a
 * majority is moved: each handover costs a pause of some milliseconds. What a person has arranged stays.
 */
export function planBalance(cache: CacheModel): PlanAction[] {
	if (
		cache.arranged ||
		cache.clusterMode === "disabled" ||
		!cache.everAvailable ||
		cache.shards.length < 3
	)
		return [];
	if (!cache.shards.every((shard) => isCalm(shard, cache))) return [];
	const primaries = cache.shards.flatMap((shard) => primaryOf(shard) ?? []);
	const inZone = (zone: string) => primaries.filter((node) => node.host.zone === zone).length;
	for (const shard of cache.shards) {
		const primary = primaryOf(shard);
		if (primary === undefined || inZone(primary.host.zone) <= cache.shards.length / 2) continue;
		const target = shard.nodes
			.filter((node) => isReplicaInSync(node, primary) && mayLead(node))
			.filter((node) => inZone(node.host.zone) + 1 < inZone(primary.host.zone))
			.sort((a, b) => inZone(a.host.zone) - inZone(b.host.zone))[0];
		if (target !== undefined) {
			const cause = `most primaries were in zone ${primary.host.zone}`;
			return [{ kind: "request-failover", shardId: shard.id, toNodeId: target.id, cause }];
		}
	}
	return [];
}

function isCalm(shard: ShardModel, cache: CacheModel): boolean {
	return (
		shard.failover === null &&
		shard.order === null &&
		!shard.failoverTroubled &&
		shard.nodes.every(
			(node) => isSettled(node, shard, cache) && !isSilent(node) && node.replacesNodeId === null,
		)
	);
}

function mayLead(node: NodeModel): boolean {
	return !node.host.draining && !node.host.cordoned && !node.rebootPending;
}
