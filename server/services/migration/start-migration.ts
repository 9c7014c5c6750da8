import { randomUUID } from "node:crypto";
import { AppError, type Migration, type StartMigrationInput } from "../../contract/index.ts";
import { type FullCache, toCacheModel } from "../../data/cache-mapping.ts";
import { migrationSecretPurpose } from "../../data/migration-mapping.ts";
import { recordEvent } from "../../data/record-event.ts";
import { isServerless } from "../../data/serverless-rows.ts";
import { isChanging } from "../../domain/cache/plan-pending.ts";
import { lockStayingCache } from "../caches/find-cache.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { viewOf } from "./find-migration.ts";
import { tellPrimary, wakeMigrations } from "./tell-primary.ts";

/**
 * Stores that the cache should take the place of a Redis or Valkey elsewhere. The hosts of its primaries first check
 * whether that is possible. Throws `invalid_argument` for a cache that can't, `conflict` for one that can't now.
 */
export async function startMigration(
	resources: Resources,
	caller: Caller,
	input: StartMigrationInput,
): Promise<Migration> {
	const { secrets, clock } = resources;
	return await mutate(resources, caller, {
		...{ action: "migration.start", target: input.name, input },
		run: async (tx, after) => {
			const row = await lockStayingCache(tx, input.name, { tellsHosts: true });
			requirePossible(row);
			requireQuiet(resources, row);
			const { host, port, username, password, tls, tlsCa, tlsVerify } = input;
			const id = randomUUID();
			const hosts = await tellPrimary(tx, row);
			const migration = await tx.migration.create({
				data: {
					...{ id, cacheId: row.id, phase: "check", startedAt: clock.now() },
					source: { host, port, username: username ?? null, tls, tlsVerify, tlsCa: tlsCa ?? null },
					secret:
						password === undefined ? null : secrets.seal(password, migrationSecretPurpose(id)),
				},
			});
			await recordEvent(tx, clock, {
				...{ severity: "info", type: "migration.started", cacheName: row.name },
				message: `Migration from ${host}:${port} into cache ${row.name} started by ${caller.name}. Once the source has been checked, and until the migration ends, clients of the cache can only read.`,
			});
			after(() => wakeMigrations(resources, hosts));
			return viewOf(resources, row, migration);
		},
	});
}

function requirePossible(row: FullCache): void {
	const refuse = (message: string) => {
		throw new AppError("invalid_argument", message, { field: "name" });
	};
	if (row.engine === "memcached") {
		refuse(
			"Nothing can be migrated into Memcached, which has no replication. Create a Valkey cache.",
		);
	}
	if (isServerless(row)) {
		refuse(
			`Cache ${row.name} is serverless, and its nodes come and go. Migrate into a provisioned cache, take a snapshot of it, and restore that into a serverless one.`,
		);
	}
}

function requireQuiet(resources: Resources, row: FullCache): void {
	const isBusy = isChanging(toCacheModel(row, resources));
	if (row.status === "available" && !isBusy) return;
	throw new AppError(
		"conflict",
		`Cache ${row.name} is ${isBusy ? "being changed" : row.status}. Start the migration once it is available.`,
	);
}
