import type { Database, Transaction } from "./database.ts";

/** A node on a host, as far as its cache may need attention if the host is gone. */
export interface CarriedNode {
	readonly cacheId: string;
	readonly shardId: string;
	/** It is its shard's recorded primary, and should run. */
	readonly leads: boolean;
}

/** The nodes of these hosts, including those that they should remove; or only the primaries that they should run. */
export async function nodesOf(
	db: Database | Transaction,
	hostIds: readonly string[],
	{ leading = false } = {},
): Promise<CarriedNode[]> {
	const nodes = await db.$queryRaw<CarriedNode[]>`
		SELECT node."cacheId", node."shardId",
			shard."primaryNodeId" IS NOT DISTINCT FROM node."id"
				AND node."removedAtRevision" IS NULL AS "leads"
		FROM "Node" AS node JOIN "Shard" AS shard ON shard."id" = node."shardId"
		WHERE node."hostId" = ANY(${[...hostIds]}::text[])
			AND (NOT ${leading} OR shard."primaryNodeId" = node."id")`;
	return leading ? nodes.filter(({ leads }) => leads) : nodes;
}
