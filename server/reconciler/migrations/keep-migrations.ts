import type { Logger } from "../../../platform/logger.ts";
import { FULL_CACHE, type FullCache } from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import { Prisma, type Transaction } from "../../data/database.ts";
import {
	migrationSourceColumn,
	phaseOf,
	primariesOf,
	reportOf,
} from "../../data/migration-mapping.ts";
import { recordEvent } from "../../data/record-event.ts";
import { followMigration, type MigrationStep } from "../../domain/migration/follow-migration.ts";
import type { Resources } from "../../services/context.ts";
import { tellPrimary, wakeMigrations } from "../../services/migration/tell-primary.ts";
import { forEach, type Keeper, keepLooking } from "../keep-looking.ts";

/** How often migrations are looked at: while the source's writes are held, else, and while there is none. */
const HELD_MS = 20;
const ACTIVE_MS = 500;
const IDLE_MS = 10_000;

const HASTY: ReadonlySet<string> = new Set(["check", "cut-over", "lead"]);

const OPEN = { where: { endedAt: null }, include: { cache: { include: FULL_CACHE } } } as const;
type OpenMigration = Prisma.MigrationGetPayload<typeof OPEN>;

/** Advances migrations by what the hosts of their primaries report. Each pass reads everything again. */
export function startMigrationKeeper(resources: Resources, logger: Logger): Keeper {
	return keepLooking(resources, logger, {
		...{ topic: "migrations", retryMs: ACTIVE_MS, look: lookAtMigrations },
	});
}

/** Returns after how many milliseconds to look again. */
export async function lookAtMigrations(resources: Resources): Promise<number> {
	const rows = await resources.db.migration.findMany(OPEN);
	await forEach(rows, (row) => advance(resources, row));
	if (rows.length === 0) return IDLE_MS;
	return rows.some(({ phase }) => HASTY.has(phase)) ? HELD_MS : ACTIVE_MS;
}

async function advance(resources: Resources, row: OpenMigration): Promise<void> {
	const report = reportOf(row, primariesOf(row.cache), resources.fleet);
	const step = followMigration({ phase: phaseOf(row), reason: row.reason }, report);
	if (step.kind === "wait") return;
	const hosts = await writeInCharge(resources, async (tx) => {
		const told = await tellPrimary(tx, row.cache);
		const data = { reason: step.reason, report: report ?? Prisma.DbNull };
		const { count } = await tx.migration.updateMany({
			// A request may have come first since the row was read.
			where: { id: row.id, phase: row.phase, endedAt: null },
			data:
				step.kind === "phase"
					? { ...data, phase: step.phase }
					: { ...data, state: step.state, endedAt: resources.clock.now(), secret: null },
		});
		if (count === 0) return told;
		if (step.kind === "end") await noteEnd(resources, tx, row, step, report?.pausedMs ?? null);
		else await notePhase(resources, tx, row, step);
		return told;
	});
	wakeMigrations(resources, hosts);
}

/** Those of which nothing else says that they have begun. */
async function notePhase(
	{ clock }: Resources,
	tx: Transaction,
	{ cache, phase: before, source }: OpenMigration & { cache: FullCache },
	{ phase, reason }: Extract<MigrationStep, { kind: "phase" }>,
): Promise<void> {
	if (phase !== "replicate") return;
	const { host, port } = migrationSourceColumn.parse(source);
	const cacheName = cache.name;
	if (before === "check") {
		await recordEvent(tx, clock, {
			...{ severity: "info", type: "migration.replicating", cacheName },
			message: `The source ${host}:${port} was checked. Larder empties cache ${cacheName}, copies the source's data, and follows its writes.`,
		});
		return;
	}
	await recordEvent(tx, clock, {
		...{ severity: "warning", type: "migration.taken-back", cacheName },
		message: `Cache ${cacheName} couldn't take the lead from ${host}:${port}, which takes writes again. ${reason ?? "Larder copies its data again."}`,
	});
}

async function noteEnd(
	{ clock }: Resources,
	tx: Transaction,
	{ cache, source }: OpenMigration & { cache: FullCache },
	{ state, reason }: Extract<MigrationStep, { kind: "end" }>,
	pausedMs: number | null,
): Promise<void> {
	const { host, port } = migrationSourceColumn.parse(source);
	const paused = pausedMs === null ? "" : ` Writes paused for ${pausedMs} ms.`;
	const messages = {
		completed: `Cache ${cache.name} has taken the place of ${host}:${port}.${paused} Point its clients to the cache now.`,
		canceled: `Migration from ${host}:${port} canceled. Cache ${cache.name} is empty.`,
		failed: `Migration from ${host}:${port} into cache ${cache.name} failed. ${reason}`,
	};
	await recordEvent(tx, clock, {
		...{ severity: state === "failed" ? "error" : "info", type: `migration.${state}` },
		...{ message: messages[state], cacheName: cache.name },
	});
}
