import { allNodeRows, type FullCache, type FullNode } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { lockCaches } from "../../data/row-locks.ts";
import { bumpHosts } from "../../services/bump-hosts.ts";
import { exitPolicy } from "./new-node.ts";

export type ShardRows = FullCache["shards"][number];

export function findMember(
	cache: FullCache,
	nodeId: string,
): { shard: ShardRows; node: FullNode } | null {
	for (const shard of cache.shards) {
		const node = membersOf(shard).find((each) => each.id === nodeId);
		if (node !== undefined) return { shard, node };
	}
	return null;
}

/**
 * The nodes whose assignments change when a node of the shard comes, goes, moves or leads. In cluster mode every
 * node knows all others.
 */
export function affectedNodes(cache: FullCache, shard: ShardRows): FullNode[] {
	return cache.clusterMode === "enabled" ? allNodeRows(cache) : membersOf(shard);
}

export function membersOf(shard: ShardRows): FullNode[] {
	return shard.nodes.filter((each) => each.removedAtRevision === null);
}

/**
 * Raises the generations of nodes whose assignments change, and the revisions of their hosts and of other hosts.
 * Returns the new revisions by host; the caller must wake these hosts after the commit. Must be the first of a step's
 * writes: it locks the hosts and the caches, so that the rest may come in any order.
 */
export async function raiseGenerations(
	tx: Transaction,
	cacheIds: readonly string[],
	nodes: readonly FullNode[],
	otherHostIds: readonly string[] = [],
): Promise<Map<string, number>> {
	const revisions = await bumpHosts(tx, [...nodes.map((node) => node.hostId), ...otherHostIds]);
	await lockCaches(tx, cacheIds);
	await tx.node.updateMany({
		where: { id: { in: nodes.map((node) => node.id) } },
		data: { generation: { increment: 1 } },
	});
	return revisions;
}

/** Decides again whether a primary's host may restart it on its own: the number of nodes beside it has changed. */
export async function setPrimaryPolicy(tx: Transaction, shardId: string): Promise<void> {
	const { primaryNodeId } = await tx.shard.findUniqueOrThrow({ where: { id: shardId } });
	// Memcached has no primary.
	if (primaryNodeId === null) return;
	const count = await tx.node.count({ where: { shardId, removedAtRevision: null } });
	await tx.node.updateMany({
		where: { id: primaryNodeId },
		data: { onExit: exitPolicy(true, count) },
	});
}
