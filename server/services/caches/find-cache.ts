import { AppError } from "../../contract/errors.ts";
import { allNodeRows, FULL_CACHE, type FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { lockCaches, lockHosts } from "../../data/row-locks.ts";

/** The cache's rows, or `not_found`. */
export async function findCache(db: Transaction, name: string): Promise<FullCache> {
	const row = await db.cache.findUnique({ where: { name }, include: FULL_CACHE });
	if (row === null) {
		throw new AppError(
			"not_found",
			`Cache ${name} not found. List the caches to see what exists.`,
			{
				field: "name",
			},
		);
	}
	return row;
}

/**
 * The same as `findStayingCache`, locked against other changes until the transaction ends: with the hosts of its
 * nodes if these must learn of the change.
 */
export async function lockStayingCache(
	tx: Transaction,
	name: string,
	{ tellsHosts }: { tellsHosts: boolean },
): Promise<FullCache> {
	const found = await findStayingCache(tx, name);
	if (tellsHosts)
		await lockHosts(
			tx,
			allNodeRows(found).map((node) => node.hostId),
		);
	await lockCaches(tx, [found.id]);
	return findStayingCache(tx, name);
}

/** The cache's rows; `conflict` while it is being deleted. */
export async function findStayingCache(db: Transaction, name: string): Promise<FullCache> {
	const row = await findCache(db, name);
	if (row.deletingAt === null) return row;
	throw new AppError("conflict", `Cache ${row.name} is being deleted.`);
}
