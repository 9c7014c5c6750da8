import { AppError } from "../../contract/errors.ts";
import type { Database, Transaction } from "../../data/database.ts";

/** Ids of the caches that have had that name, the present one among them; `not_found` if there were none. */
export async function findMetered(db: Database | Transaction, name: string): Promise<string[]> {
	const [present, metered] = [
		await db.cache.findUnique({ where: { name }, select: { id: true } }),
		await db.meteredCache.findMany({ where: { name }, select: { id: true } }),
	];
	const ids = new Set(metered.map(({ id }) => id));
	if (present !== null) ids.add(present.id);
	if (ids.size > 0) return [...ids];
	throw new AppError(
		"not_found",
		`Cache ${name} not found, nor usage of a deleted cache with that name. List the caches to see what exists.`,
		{ field: "cache" },
	);
}
