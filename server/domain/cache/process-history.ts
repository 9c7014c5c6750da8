import type { Observation } from "../../contract/host-report.ts";

/** What only a series of observations shows about the running process. */
export interface ProcessHistory {
	/** It has had its primary's data at some time, or is primary. */
	hasSynced: boolean;
	/** It was seen as primary: in a cluster, with slots. */
	hasLed: boolean;
}

/**
 * What is known about a node's process after another observation. A different process starts with nothing.
 */
export function historyAfter(
	before: (Observation & ProcessHistory) | null,
	seen: Observation,
): ProcessHistory {
	const known = before !== null && isSameProcess(before, seen) ? before : NOTHING;
	const state = seen.engineState;
	if (state === null) return { hasSynced: known.hasSynced, hasLed: known.hasLed };
	const leads = state.role === "primary" && state.cluster?.slots !== "";
	// The engine itself knows whether it has synced, and remembers that for the life of its process.
	return { hasSynced: state.synced, hasLed: leads || known.hasLed };
}

const NOTHING: ProcessHistory = { hasSynced: false, hasLed: false };

/** Pids are reused, so the time of the launch counts too. */
function isSameProcess(a: Observation, b: Observation): boolean {
	return a.pid !== null && a.pid === b.pid && a.startedAt === b.startedAt;
}
