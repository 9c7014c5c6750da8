import { AppError } from "../../contract/errors.ts";
import { allNodeRows, type FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { readFullCache } from "../../data/read-full-caches.ts";
import { lockCaches, lockHosts } from "../../data/row-locks.ts";

/** The cache's rows, or `not_found`. */
export async function findCache(db: Transaction, name: string): Promise<FullCache> {
	const row = await readFullCache(db, name);
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
 * nodes if these must learn of the change. `conflict` during a migration.
 */
export async function lockStayingCache(
	tx: Transaction,
	name: string,
	{ tellsHosts, duringMigration = false }: { tellsHosts: boolean; duringMigration?: boolean },
): Promise<FullCache> {
	const found = await findStayingCache(tx, name);
	if (tellsHosts)
		await lockHosts(
			tx,
			allNodeRows(found).map((node) => node.hostId),
		);
	await lockCaches(tx, [found.id]);
	if (!duringMigration) await refuseDuringMigration(tx, found);
	return findStayingCache(tx, name);
}

/** Throws `conflict` while the cache takes the place of another engine: its primary must stay where it is. */
export async function refuseDuringMigration(
	db: Transaction,
	{ id, name }: Pick<FullCache, "id" | "name">,
): Promise<void> {
	const open = await db.migration.count({ where: { cacheId: id, endedAt: null } });
	if (open === 0) return;
	throw new AppError(
		"conflict",
		`A migration into cache ${name} is under way. Complete or cancel it first.`,
	);
}

/** The cache's rows; `conflict` while it is being deleted. */
export async function findStayingCache(db: Transaction, name: string): Promise<FullCache> {
	const row = await findCache(db, name);
	if (row.deletingAt === null) return row;
	throw new AppError("conflict", `Cache ${row.name} is being deleted.`);
}
