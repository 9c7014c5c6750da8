import type { CacheModel, NodeModel, PlanAction, ShardModel } from "./model.ts";
import { isHealthy, isRebooting } from "./node-health.ts";

/**
 * Which nodes begin their reboot now: one of a shard at a time, replicas before their primary, and only while the
 * others of the shard are well or wait for a reboot themselves.
 */
export function planReboots(cache: CacheModel): PlanAction[] {
	return cache.shards.flatMap((shard) => {
		const next = nextReboot(shard);
		return next === undefined ? [] : [{ kind: "reboot", nodeId: next.id }];
	});
}

function nextReboot(shard: ShardModel): NodeModel | undefined {
	if (shard.nodes.some(isRebooting)) return undefined;
	const pending = shard.nodes.filter((node) => node.rebootPending);
	const next = pending.find((node) => node.id !== shard.primaryNodeId) ?? pending[0];
	if (next === undefined) return undefined;
	const others = shard.nodes.filter((node) => node.id !== next.id && !node.rebootPending);
	return others.every((node) => isHealthy(node, shard)) ? next : undefined;
}
