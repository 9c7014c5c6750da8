import type { CacheModel, NodeModel, PlanAction, ShardModel } from "./model.ts";
import { primaryOf } from "./model.ts";
import { isHealthy, isRebooting, isReplicaInSync } from "./node-health.ts";

/**
 * Chooses the nodes to reboot now: one per shard at a time, replicas before their primary, and only while the
 * others of the shard are healthy or wait for a reboot themselves. A primary first hands over to a replica,
 * so that writes continue; if that isn't possible, it is rebooted as it is.
 */
export function planReboots(cache: CacheModel): PlanAction[] {
	return cache.shards.flatMap((shard): PlanAction[] => {
		const next = nextReboot(shard);
		if (next === undefined) return [];
		if (next.id === shard.primaryNodeId && mayHandOver(cache, shard)) {
			const cause = `${next.name} is being rebooted`;
			return [{ kind: "request-failover", shardId: shard.id, toNodeId: null, cause }];
		}
		return [{ kind: "reboot", nodeId: next.id }];
	});
}

function nextReboot(shard: ShardModel): NodeModel | undefined {
	if (shard.nodes.some(isRebooting) || shard.failover !== null) return undefined;
	const pending = shard.nodes.filter((node) => node.rebootPending);
	const next = pending.find((node) => node.id !== shard.primaryNodeId) ?? pending[0];
	if (next === undefined) return undefined;
	const others = shard.nodes.filter((node) => node.id !== next.id && !node.rebootPending);
	return others.every((node) => isHealthy(node, shard)) ? next : undefined;
}

function mayHandOver(cache: CacheModel, shard: ShardModel): boolean {
	const primary = primaryOf(shard);
	if (primary === undefined || !cache.automaticFailover || shard.failoverTroubled) return false;
	return shard.nodes.some((node) => node.id !== primary.id && isReplicaInSync(node, primary));
}
