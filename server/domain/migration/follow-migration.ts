import type { MigrationPhase, MigrationReport } from "../../contract/migration.ts";

type MigrationState = "completed" | "canceled" | "failed";

/** What the reports of the primaries' hosts mean for a migration. */
export type MigrationStep =
	| { readonly kind: "wait" }
	/** The next phase; `reason` is for people. */
	| { readonly kind: "phase"; readonly phase: MigrationPhase; readonly reason: string | null }
	| { readonly kind: "end"; readonly state: MigrationState; readonly reason: string | null };

const WAIT: MigrationStep = { kind: "wait" };

/**
 *   check ──all checked──> replicate ──asked──> cut-over ──all caught up──> lead ──all lead──> (completed)
 *     │                      ^    │                │ │
 *  (failed)                  │    └─failed─┐       │ └─failed─┐
 *                            │             v       │          v
 *                            └─ took too long ─────┘       cancel ──all emptied──> (canceled, or failed)
 *                               or began again
 *
 * Any phase before lead becomes cancel when a person asks. The cache leads once that is written, whichever process dies
 * then: from there, only its own clients write. A phase of cancel with a reason is that of a migration that has failed.
 */
export function followMigration(
	{ phase, reason }: { phase: MigrationPhase; reason: string | null },
	/** Null if a host hasn't reported on this migration. */
	report: MigrationReport | null,
): MigrationStep {
	if (report === null) return WAIT;
	if (report.phase === "failed") return failed(phase, report.message);
	switch (phase) {
		case "check":
			return report.phase === "checked" ? next("replicate", null) : WAIT;
		case "replicate":
			return WAIT;
		case "cut-over":
			return cutOver(report);
		case "lead":
			return report.phase === "leading" ? end("completed", null) : WAIT;
		case "cancel":
			if (report.phase !== "emptied") return WAIT;
			return reason === null ? end("canceled", null) : end("failed", reason);
	}
}

/** Other shards may have begun to copy: all of the cache is emptied. */
function failed(phase: MigrationPhase, message: string | null): MigrationStep {
	const reason = message ?? "The host of a primary gave no reason.";
	switch (phase) {
		case "check":
			return end("failed", reason);
		case "replicate":
		case "cut-over":
			return next("cancel", reason);
		case "lead":
		case "cancel":
			return WAIT;
	}
}

function cutOver({ phase, message }: MigrationReport): MigrationStep {
	switch (phase) {
		case "caught-up":
			return next("lead", null);
		case "following":
			return message === null ? WAIT : next("replicate", message);
		// An agent or an engine has died since the migration was replicating.
		case "checking":
		case "checked":
		case "copying":
			return next("replicate", message);
		default:
			return WAIT;
	}
}

function next(phase: MigrationPhase, reason: string | null): MigrationStep {
	return { kind: "phase", phase, reason };
}

function end(state: MigrationState, reason: string | null): MigrationStep {
	return { kind: "end", state, reason };
}
