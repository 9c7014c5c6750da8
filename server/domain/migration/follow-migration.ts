import type { MigrationPhase, MigrationReport } from "../../contract/migration.ts";

type MigrationState = "completed" | "canceled" | "failed";

/** What a report of the primary's host means for a migration. */
export type MigrationStep =
	| { readonly kind: "wait" }
	/** The next phase; `reason` is for people. */
	| { readonly kind: "phase"; readonly phase: MigrationPhase; readonly reason: string | null }
	| { readonly kind: "end"; readonly state: MigrationState; readonly reason: string | null };

const WAIT: MigrationStep = { kind: "wait" };

/**
 *   replicate ──asked──> cut-over ──caught up──> lead ──leads──> (completed)
 *       ^                   │
 *       └──took too long────┘            any but lead ──asked──> cancel ──emptied──> (canceled)
 *
 * The cache leads once this is written, whoever dies then: from there, only its own clients write.
 */
export function followMigration(
	phase: MigrationPhase,
	/** Null if its host hasn't reported on this migration. */
	report: MigrationReport | null,
): MigrationStep {
	if (report === null) return WAIT;
	if (report.phase === "failed" && phase !== "lead") {
		return { kind: "end", state: "failed", reason: report.message };
	}
	switch (phase) {
		case "replicate":
			return WAIT;
		case "cut-over":
			if (report.phase === "caught-up") return { kind: "phase", phase: "lead", reason: null };
			if (report.phase !== "following" || report.message === null) return WAIT;
			return { kind: "phase", phase: "replicate", reason: report.message };
		case "lead":
			return report.phase === "leading" ? { kind: "end", state: "completed", reason: null } : WAIT;
		case "cancel":
			return report.phase === "emptied" ? { kind: "end", state: "canceled", reason: null } : WAIT;
	}
}
