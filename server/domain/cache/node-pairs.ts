import type { CacheModel, NodeModel, ShardModel } from "./model.ts";
import { primaryOf } from "./model.ts";
import { isServingPrimary, isSilent } from "./node-health.ts";

/** A node and its future replacement. */
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

/** It ends within seconds, however often it is started. */
export function keepsEnding({ observation }: NodeModel): boolean {
	return observation?.phase !== "running" && observation?.reason?.code === "keeps-ending";
}

/**
 * Can't recover where it is. A replacement that keeps exiting too doesn't count: the cause isn't the
 * host, and replacements would be created and removed forever.
 */
export function isBroken(cache: CacheModel, node: NodeModel): boolean {
	return (keepsEnding(node) && node.replacesNodeId === null) || isGone(cache, node);
}

/** Can't recover, for a reason other than that its process keeps exiting. */
export function isGone(cache: CacheModel, node: NodeModel): boolean {
	const { host } = node;
	return hasLostFiles(node) || host.lossConfirmed || (host.lost && !cache.safeMode);
}

/** Its primary is changing, or about to. */
export function isBusy(cache: CacheModel, shard: ShardModel): boolean {
	return shard.order !== null || shard.failover !== null || cache.sentinelFailingOver;
}

/** A node other than these is primary, and is visible. */
export function isLed(shard: ShardModel, without: readonly string[]): boolean {
	const primary = primaryOf(shard);
	return (
		primary !== undefined &&
		!without.includes(primary.id) &&
		isServingPrimary(primary, shard) &&
		!isSilent(primary)
	);
}

/** A node as people see it: one per name, wherever it is moving. */
export interface VisibleNode {
	node: NodeModel;
	/** Names of the hosts that it moves between; null if it stays. */
	move: { from: string; to: string } | null;
}

/** While a node moves, its two nodes count as one: the primary if one leads, otherwise the old one until it is removed. */
export function visibleNodes(shard: ShardModel): VisibleNode[] {
	const pairs = pairsOf(shard);
	const chosen = new Map<string, VisibleNode>();
	for (const node of shard.nodes) {
		const pair = pairs.find(({ incoming, outgoing }) => incoming === node || outgoing === node);
		const move =
			pair === undefined ? null : { from: pair.outgoing.host.name, to: pair.incoming.host.name };
		const other = chosen.get(node.name);
		if (other === undefined || rankOf(shard, node) > rankOf(shard, other.node)) {
			chosen.set(node.name, { node, move });
		}
	}
	return [...chosen.values()];
}

function rankOf({ primaryNodeId }: ShardModel, node: NodeModel): number {
	if (node.id === primaryNodeId) return 3;
	if (node.removed) return 0;
	return node.replacesNodeId === null ? 2 : 1;
}
