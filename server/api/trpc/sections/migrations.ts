import {
	migrationRefSchema,
	migrationSchema,
	startMigrationInputSchema,
} from "../../../contract/index.ts";
import { cancelMigration, completeMigration } from "../../../services/migration/end-migration.ts";
import { findMigration, getMigration } from "../../../services/migration/find-migration.ts";
import { startMigration } from "../../../services/migration/start-migration.ts";
import { requires, router } from "../trpc.ts";

const path = "/caches/{name}/migration";
const tag = "Caches";

export const migrations = router({
	start: requires("cache:modify")
		.meta({
			rest: {
				...{ method: "POST", path, status: 202, tag },
				summary: "Let a cache take the place of a running Redis or Valkey",
				description:
					"Returns at once. The hosts of the cache's primaries check whether the migration is possible; if so, they delete what the cache holds, copy the source's data and follow its writes. From then until the migration ends, the cache's clients can only read, and changes of the cache return 409. For Valkey and Redis OSS; source and cache may have cluster mode enabled or disabled, and any numbers of shards.",
			},
		})
		.input(startMigrationInputSchema)
		.output(migrationSchema)
		.mutation(({ ctx, input }) => startMigration(ctx.resources, ctx.caller, input)),
	get: requires("cache:read")
		.meta({
			rest: {
				...{ method: "GET", path, status: 200, tag },
				summary: "Get a cache's migration",
				description: "The one that is under way, or else the last one.",
			},
		})
		.input(migrationRefSchema)
		.output(migrationSchema)
		.query(({ ctx, input }) => getMigration(ctx.resources, input)),
	/** For pages that don't know whether there was any. */
	find: requires("cache:read")
		.input(migrationRefSchema)
		.output(migrationSchema.nullable())
		.query(({ ctx, input }) => findMigration(ctx.resources, input)),
	complete: requires("cache:modify")
		.meta({
			rest: {
				...{ method: "POST", path: `${path}/complete`, status: 202, tag },
				summary: "Let the cache take the lead",
				description:
					"Returns at once. Larder holds the source's writes (CLIENT PAUSE WRITE), and the cache takes writes as soon as it has all of them; pauseMs says how long neither did. The source's writes stay held for five minutes more: point its clients to the cache in that time. A source that doesn't allow CLIENT PAUSE must have had no writes for a second.",
			},
		})
		.input(migrationRefSchema)
		.output(migrationSchema)
		.mutation(({ ctx, input }) => completeMigration(ctx.resources, ctx.caller, input)),
	cancel: requires("cache:modify")
		.meta({
			rest: {
				...{ method: "DELETE", path, status: 202, tag },
				summary: "Cancel a migration",
				description:
					"Returns at once. The cache is empty afterward, and takes writes. While the source is still being checked, nothing is deleted.",
			},
		})
		.input(migrationRefSchema)
		.output(migrationSchema)
		.mutation(({ ctx, input }) => cancelMigration(ctx.resources, ctx.caller, input)),
});
