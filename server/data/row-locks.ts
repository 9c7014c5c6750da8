import { Prisma, type Transaction } from "./database.ts";

/**
 * The order in which a transaction locks rows, so that no two of them wait for each other: a lock that is taken on a
 * later table is never followed by one on an earlier table, unless that table was locked before. Rows of one table
 * are locked by their ids. Tables that aren't listed come between Node and ControlPlane. Tests check every statement
 * (testing/lock-order.ts), and docs/decisions/0034-one-lock-order.md says why it is this order.
 */
export const LOCK_ORDER = {
	first: ["IdempotencyKey", "ParameterGroup", "Host", "Cache", "Shard", "Node"],
	last: ["ControlPlane"],
} as const;

/** Locks hosts before any other rows of the transaction. `bumpHosts` does so by itself. */
export async function lockHosts(tx: Transaction, ids: Iterable<string>): Promise<void> {
	await tx.$queryRaw`
		SELECT "id" FROM "Host" WHERE "id" = ANY(${[...new Set(ids)]}::text[])
		ORDER BY "id" FOR NO KEY UPDATE`;
}

/**
 * Locks caches and all their shards, after hosts and before nodes: whoever writes to several nodes of a cache holds
 * this lock.
 */
export async function lockCaches(tx: Transaction, ids: readonly string[]): Promise<void> {
	const listed = Prisma.sql`ANY(${[...ids]}::text[])`;
	await tx.$queryRaw`
		WITH cache AS (
			SELECT "id" FROM "Cache" WHERE "id" = ${listed} ORDER BY "id" FOR NO KEY UPDATE
		)
		SELECT shard."id" FROM cache JOIN "Shard" AS shard ON shard."cacheId" = cache."id"
		ORDER BY shard."id" FOR NO KEY UPDATE OF shard`;
}
