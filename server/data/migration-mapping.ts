import { z } from "zod";
import {
	type Migration,
	type MigrationOrder,
	type MigrationPhase,
	type MigrationReport,
	migrationPhaseSchema,
	migrationReportSchema,
} from "../contract/migration.ts";
import { combineReports } from "../domain/migration/combine-reports.ts";
import type { SecretBox } from "../platform/secrets.ts";
import type { Prisma } from "./database.ts";
import type { FleetState } from "./fleet-state.ts";

type MigrationRow = Prisma.MigrationGetPayload<object>;

export const migrationSourceColumn = z.object({
	...{ host: z.string(), port: z.number(), username: z.string().nullable(), tls: z.boolean() },
	...{ tlsCa: z.string().nullable().default(null), tlsVerify: z.boolean().default(true) },
});
const reportColumn = migrationReportSchema.nullable();

export const OPEN_MIGRATION = { where: { endedAt: null } } as const;

export function phaseOf({ phase }: Pick<MigrationRow, "phase">): MigrationPhase {
	return migrationPhaseSchema.parse(phase);
}

/** What the secret of a source is encrypted for. */
export function migrationSecretPurpose(migrationId: string): string {
	return `migration:${migrationId}:source`;
}

export function toMigrationOrder(row: MigrationRow, secrets: SecretBox): MigrationOrder {
	const { id, secret } = row;
	return {
		...{ id, phase: phaseOf(row), ...migrationSourceColumn.parse(row.source) },
		password: secret === null ? null : secrets.open(secret, migrationSecretPurpose(id)),
	};
}

/** The newest reports of its primaries' hosts on this migration, as one; null for none. */
export function reportOf(
	{ id }: Pick<MigrationRow, "id">,
	primaryNodeIds: readonly (string | null)[],
	fleet: FleetState,
): MigrationReport | null {
	return combineReports(
		primaryNodeIds.map((nodeId) => {
			const report = nodeId === null ? null : fleet.observation(nodeId, null)?.migration;
			return report?.id === id ? report : null;
		}),
	);
}

export function primariesOf({
	shards,
}: {
	shards: readonly { primaryNodeId: string | null }[];
}): (string | null)[] {
	return shards.map(({ primaryNodeId }) => primaryNodeId);
}

export function toMigrationView(
	row: MigrationRow,
	cache: { name: string; primaryNodeIds: readonly (string | null)[] },
	fleet: FleetState,
): Migration {
	const live = row.endedAt === null ? reportOf(row, cache.primaryNodeIds, fleet) : null;
	const report = live ?? reportColumn.parse(row.report);
	const { bytes = 0, totalBytes = null, lagBytes = null, lagSeconds = null } = report ?? {};
	const { keys = 0, totalKeys = null, checks = [], holdsWrites = null } = report ?? {};
	const { host, port, username, tls, tlsVerify } = migrationSourceColumn.parse(row.source);
	return {
		cache: cache.name,
		status: statusOf(row, report),
		statusReason: report?.message ?? row.reason,
		source: { host, port, username, tls, tlsVerify },
		percent: percentOf(report),
		...{ checks, holdsWrites, bytes, totalBytes, keys, totalKeys, lagBytes, lagSeconds },
		pauseMs: row.state === "completed" ? (report?.pausedMs ?? null) : null,
		startedAt: row.startedAt.toISOString(),
		endedAt: row.endedAt?.toISOString() ?? null,
	};
}

/** Of the copy. Keys say more than bytes, whose number many sources don't know beforehand. */
function percentOf(report: MigrationReport | null): number {
	if (report === null || report.phase === "checking" || report.phase === "checked") return 0;
	if (report.phase !== "copying") return 100;
	const { keys, totalKeys, bytes, totalBytes } = report;
	const [done, total] = totalKeys === null ? [bytes, totalBytes] : [keys, totalKeys];
	return total === null || total === 0 ? 0 : Math.min(100, (100 * done) / total);
}

function statusOf(row: MigrationRow, report: z.infer<typeof reportColumn>): Migration["status"] {
	if (row.state === "completed" || row.state === "canceled" || row.state === "failed") {
		return row.state;
	}
	switch (phaseOf(row)) {
		case "cancel":
			return "canceling";
		case "cut-over":
		case "lead":
			return "completing";
		case "check":
			return "checking";
		case "replicate":
			if (report?.phase === "following") return "replicating";
			return report?.phase === "copying" ? "copying" : "checking";
	}
}
