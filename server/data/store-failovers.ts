import type { Failover } from "../contract/index.ts";
import type { FailoverCause } from "../domain/cache/model.ts";
import type { Transaction } from "./database.ts";

/** A shard's new primary, and what follows from it. */
export interface StoredLeader {
	readonly cacheId: string;
	readonly shardId: string;
	readonly nodeId: string;
	readonly failover: Failover;
	/** What its members follow from now on; null for the new primary. */
	readonly members: readonly {
		readonly id: string;
		readonly followsNodeId: string | null;
		readonly onExit: string;
	}[];
}

/**
 * Stores the new primaries of many shards with one statement for each table. The caller holds the locks of their caches
 * (`lockCaches`). A cache keeps the last failover in the list as its newest.
 */
export async function storeLeaders(
	tx: Transaction,
	leaders: readonly StoredLeader[],
): Promise<void> {
	const newest = new Map(
		leaders.map(({ cacheId, failover }) => [cacheId, { id: cacheId, failover }]),
	);
	await tx.$executeRaw`
		UPDATE "Cache" AS cache
		SET "promotionRequestedAt" = NULL, "lastFailover" = own."failover"
		FROM jsonb_to_recordset(${JSON.stringify([...newest.values()])}::jsonb)
			AS own("id" text, "failover" jsonb)
		WHERE cache."id" = own."id"`;
	const shards = leaders.map(({ shardId: id, nodeId }) => ({ id, nodeId }));
	await tx.$executeRaw`
		UPDATE "Shard" AS shard
		SET "primaryNodeId" = own."nodeId", "failoverRequestedAt" = NULL, "failoverToNodeId" = NULL,
			"failoverCause" = NULL
		FROM jsonb_to_recordset(${JSON.stringify(shards)}::jsonb) AS own("id" text, "nodeId" text)
		WHERE shard."id" = own."id"`;
	const members = leaders.flatMap((leader) => leader.members);
	await tx.$executeRaw`
		UPDATE "Node" AS node SET "followsNodeId" = own."followsNodeId", "onExit" = own."onExit"
		FROM jsonb_to_recordset(${JSON.stringify(members)}::jsonb)
			AS own("id" text, "followsNodeId" text, "onExit" text)
		WHERE node."id" = own."id"`;
}

/** Stores why failovers of shards were ordered. The caller holds the locks of their caches. */
export async function storeCauses(
	tx: Transaction,
	causes: readonly { readonly shardId: string; readonly failoverCause: FailoverCause }[],
): Promise<void> {
	await tx.$executeRaw`
		UPDATE "Shard" AS shard SET "failoverCause" = own."failoverCause"
		FROM jsonb_to_recordset(${JSON.stringify(causes)}::jsonb)
			AS own("shardId" text, "failoverCause" jsonb)
		WHERE shard."id" = own."shardId"`;
}
