import type { CacheModel, NodeModel, ShardModel } from "./model.ts";
import { primaryOf } from "./model.ts";
import { isServingPrimary, isSilent } from "./node-health.ts";

/** A node and the one that is to take its place. */
export interface Pair {
	outgoing: NodeModel;
	incoming: NodeModel;
}

export function pairsOf(shard: ShardModel): Pair[] {
	return shard.nodes.flatMap((incoming) => {
		const outgoing = shard.nodes.find(({ id }) => id === incoming.replacesNodeId);
		return outgoing === undefined ? [] : [{ outgoing, incoming }];
	});
}

export function hasLostFiles(node: NodeModel): boolean {
	return node.observation?.reason?.code === "identity-lost";
}

/** Beyond help where it is. */
export function isBroken(cache: CacheModel, node: NodeModel): boolean {
	const { host } = node;
	return hasLostFiles(node) || host.lossConfirmed || (host.lost && !cache.safeMode);
}

/** Somebody else than these leads, and is seen to. */
export function isLed(shard: ShardModel, without: readonly string[]): boolean {
	const primary = primaryOf(shard);
	return (
		primary !== undefined &&
		!without.includes(primary.id) &&
		isServingPrimary(primary, shard) &&
		!isSilent(primary)
	);
}
