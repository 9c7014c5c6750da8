import { AppError, type Migration, type MigrationPhase } from "../../contract/index.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import { phaseOf, primariesOf, reportOf } from "../../data/migration-mapping.ts";
import { recordEvent } from "../../data/record-event.ts";
import { lockStayingCache } from "../caches/find-cache.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { openMigration, viewOf } from "./find-migration.ts";
import { tellPrimary, wakeMigrations } from "./tell-primary.ts";

/**
 * Lets the cache take the lead: the source's writes are held until the cache has all of them. Throws `conflict` before the
 * cache has the source's data.
 */
export async function completeMigration(
	resources: Resources,
	caller: Caller,
	input: { name: string },
): Promise<Migration> {
	return await advance(resources, caller, input.name, "cut-over", (row, { id }) => {
		const report = reportOf({ id }, primariesOf(row), resources.fleet);
		if (report?.phase === "following") return;
		throw new AppError(
			"conflict",
			`Cache ${row.name} doesn't have all of the source's data yet. Complete the migration once it is replicating.`,
		);
	});
}

/**
 * Ends the replication and leaves an empty cache, or the cache as it was if its source is still being checked. Throws `conflict`
 * once the cache may lead.
 */
export async function cancelMigration(
	resources: Resources,
	caller: Caller,
	input: { name: string },
): Promise<Migration> {
	return await advance(resources, caller, input.name, "cancel", () => {});
}

const WORDS = {
	...{ check: "checked", replicate: "carried out", cancel: "canceled" },
	...{ "cut-over": "completed", lead: "completed" },
} as const satisfies Record<MigrationPhase, string>;

async function advance(
	resources: Resources,
	caller: Caller,
	name: string,
	phase: MigrationPhase & ("cut-over" | "cancel"),
	require: (row: FullCache, migration: { id: string }) => void,
): Promise<Migration> {
	const { clock } = resources;
	const action = phase === "cancel" ? "migration.cancel" : "migration.complete";
	return await mutate(resources, caller, {
		...{ action, target: name, input: { name, phase } },
		run: async (tx, after) => {
			const row = await lockStayingCache(tx, name, { tellsHosts: true, duringMigration: true });
			const migration = await openMigration(tx, row);
			const now = phaseOf(migration);
			if (now === phase) return viewOf(resources, row, migration);
			if (now !== "replicate" && !(now === "check" && phase === "cancel")) {
				throw new AppError(
					"conflict",
					`The migration into cache ${name} is being ${WORDS[now]}. ${now === "check" ? "Complete it once it is replicating." : "Wait until it has ended."}`,
				);
			}
			require(row, migration);
			const hosts = await tellPrimary(tx, row);
			const isOver = now === "check";
			const changed = await tx.migration.update({
				where: { id: migration.id },
				data: isOver
					? { state: "canceled", endedAt: clock.now(), secret: null, reason: null }
					: { phase, reason: null },
			});
			await recordEvent(tx, clock, {
				...{ severity: "info", cacheName: name },
				...eventOf(isOver ? "canceled" : phase, name, caller.name),
			});
			after(() => wakeMigrations(resources, hosts));
			return viewOf(resources, row, changed);
		},
	});
}

function eventOf(event: "cut-over" | "cancel" | "canceled", cache: string, by: string) {
	switch (event) {
		case "cut-over":
			return {
				type: "migration.cut-over",
				message: `Completion of the migration into cache ${cache} requested by ${by}. Larder holds the source's writes until the cache has all of them.`,
			};
		case "cancel":
			return {
				type: "migration.canceling",
				message: `Cancellation of the migration into cache ${cache} requested by ${by}. Larder empties the cache.`,
			};
		case "canceled":
			return {
				type: "migration.canceled",
				message: `Migration into cache ${cache} canceled before anything was changed.`,
			};
	}
}
