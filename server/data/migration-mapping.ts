import { z } from "zod";
import {
	type Migration,
	type MigrationOrder,
	type MigrationPhase,
	migrationPhaseSchema,
	migrationReportSchema,
} from "../contract/migration.ts";
import type { SecretBox } from "../platform/secrets.ts";
import type { Prisma } from "./database.ts";
import type { FleetState } from "./fleet-state.ts";

type MigrationRow = Prisma.MigrationGetPayload<object>;

export const migrationSourceColumn = z.object({
	...{ host: z.string(), port: z.number(), username: z.string().nullable(), tls: z.boolean() },
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

/** The newest report of its primary's host on this migration; null for none. */
export function reportOf(
	{ id }: Pick<MigrationRow, "id">,
	primaryNodeId: string | null,
	fleet: FleetState,
) {
	if (primaryNodeId === null) return null;
	const report = fleet.observation(primaryNodeId, null)?.migration ?? null;
	return report?.id === id ? report : null;
}

export function toMigrationView(
	row: MigrationRow,
	cache: { name: string; primaryNodeId: string | null },
	fleet: FleetState,
): Migration {
	const live = row.endedAt === null ? reportOf(row, cache.primaryNodeId, fleet) : null;
	const report = live ?? reportColumn.parse(row.report);
	const { bytes = 0, totalBytes = null, lagBytes = null, lagSeconds = null } = report ?? {};
	const isCopied = report !== null && report.phase !== "checking" && report.phase !== "copying";
	const percent = totalBytes === null || totalBytes === 0 ? 0 : (100 * bytes) / totalBytes;
	return {
		cache: cache.name,
		status: statusOf(row, report),
		statusReason: report?.message ?? row.reason,
		source: migrationSourceColumn.parse(row.source),
		percent: isCopied ? 100 : Math.min(100, percent),
		...{ bytes, totalBytes, lagBytes, lagSeconds },
		pauseMs: row.state === "completed" ? (report?.pausedMs ?? null) : null,
		startedAt: row.startedAt.toISOString(),
		endedAt: row.endedAt?.toISOString() ?? null,
	};
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
		case "replicate":
			if (report?.phase === "following") return "replicating";
			return report?.phase === "copying" ? "copying" : "checking";
	}
}
