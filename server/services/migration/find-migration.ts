import { AppError, type Migration } from "../../contract/index.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { primariesOf, toMigrationView } from "../../data/migration-mapping.ts";
import { findCache } from "../caches/find-cache.ts";
import type { Resources } from "../context.ts";

/** The cache's migration that is under way, or else its last one; `not_found` if it never had any. */
export async function newestMigration(db: Transaction, row: FullCache) {
	const migration = await newestOf(db, row);
	if (migration !== null) return migration;
	throw new AppError("not_found", `Nothing has been migrated into cache ${row.name}.`, {
		field: "name",
	});
}

async function newestOf(db: Transaction, { id }: Pick<FullCache, "id">) {
	return await db.migration.findFirst({
		where: { cacheId: id },
		orderBy: { startedAt: "desc" },
	});
}

/** The one that is under way; `conflict` if none is. */
export async function openMigration(db: Transaction, row: FullCache) {
	const migration = await newestMigration(db, row);
	if (migration.endedAt === null) return migration;
	throw new AppError(
		"conflict",
		`The migration into cache ${row.name} has ended (${migration.state}).`,
	);
}

export async function getMigration(
	resources: Resources,
	{ name }: { name: string },
): Promise<Migration> {
	const row = await findCache(resources.db, name);
	return viewOf(resources, row, await newestMigration(resources.db, row));
}

/** The same as `getMigration`, or null if nothing has been migrated into the cache. */
export async function findMigration(
	resources: Resources,
	{ name }: { name: string },
): Promise<Migration | null> {
	const row = await findCache(resources.db, name);
	const migration = await newestOf(resources.db, row);
	return migration === null ? null : viewOf(resources, row, migration);
}

export function viewOf(
	{ fleet }: Resources,
	{ name, shards }: FullCache,
	migration: Awaited<ReturnType<typeof newestMigration>>,
): Migration {
	return toMigrationView(migration, { name, primaryNodeIds: primariesOf({ shards }) }, fleet);
}
