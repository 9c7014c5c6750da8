import { AppError, type Migration } from "../../contract/index.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { toMigrationView } from "../../data/migration-mapping.ts";
import { findCache } from "../caches/find-cache.ts";
import type { Resources } from "../context.ts";

/** The cache's migration that is under way, or else its last one; `not_found` if it never had any. */
export async function newestMigration(db: Transaction, row: FullCache) {
	const migration = await db.migration.findFirst({
		where: { cacheId: row.id },
		orderBy: { startedAt: "desc" },
	});
	if (migration !== null) return migration;
	throw new AppError("not_found", `Nothing has been migrated into cache ${row.name}.`, {
		field: "name",
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

export function viewOf(
	{ fleet }: Resources,
	{ name, shards }: FullCache,
	migration: Awaited<ReturnType<typeof newestMigration>>,
): Migration {
	const primaryNodeId = shards[0]?.primaryNodeId ?? null;
	return toMigrationView(migration, { name, primaryNodeId }, fleet);
}
