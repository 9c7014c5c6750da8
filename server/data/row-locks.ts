import { Prisma, type Transaction } from "./database.ts";

/**
 * The order in which a transaction must lock rows, so that no two of them wait for each other: a lock on a later
 * table must never be followed by one on an earlier table, unless that table was locked before. Rows of one table
 * must be locked in the order of their ids. Tables that aren't listed come between Node and ControlPlane. Tests check
 * every statement (testing/lock-order.ts), and docs/decisions/0034-one-lock-order.md says why it is this order.
 */
export const LOCK_ORDER = {
	first: ["IdempotencyKey", "ParameterGroup", "Host", "Cache", "Shard", "Node"],
	last: ["ControlPlane"],
} as const;

/** Locks hosts. Call it before the transaction locks caches, shards or nodes. `bumpHosts` does so by itself. */
export async function lockHosts(tx: Transaction, ids: Iterable<string>): Promise<void> {
	await tx.$queryRaw`
		SELECT "id" FROM "Host" WHERE "id" = ANY(${[...new Set(ids)]}::text[])
		ORDER BY "id" FOR NO KEY UPDATE`;
}

/**
 * Locks caches and all their shards, after hosts and before nodes: a transaction that writes to several nodes of a
 * cache must hold this lock.
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
