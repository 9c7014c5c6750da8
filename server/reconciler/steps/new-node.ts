import { randomUUID } from "node:crypto";
import type { FullCache } from "../../data/cache-mapping.ts";
import type { Placement } from "../../domain/placement/place-nodes.ts";
import type { NodeColumns } from "../../services/node-columns.ts";

/** The row of a new node, except for its role, which the caller adds. */
export function newNode(
	shard: { id: string; cacheId: string },
	name: string,
	{ hostId, port }: Placement,
	columns: NodeColumns,
) {
	return {
		...{ id: randomUUID(), cacheId: shard.cacheId, shardId: shard.id, name },
		...{ hostId, port, ...columns },
	};
}

/** ElastiCache's names: orders-001 without cluster mode, orders-0001-001 with it. */
export function nodeName(cache: FullCache, shard: number, member: number, number: number): string {
	const digits = (value: number, width: number) => String(value + 1).padStart(width, "0");
	return cache.clusterMode === "enabled"
		? `${cache.name}-${digits(shard, 4)}-${digits(member, 3)}`
		: `${cache.name}-${digits(number, 3)}`;
}

/**
 * A host must never decide by itself to restart a primary that has replicas: a replica may hold data that the primary no
 * longer has.
 */
export function exitPolicy(isPrimary: boolean, nodeCount: number): "restart" | "report" {
	return isPrimary && nodeCount > 1 ? "report" : "restart";
}
