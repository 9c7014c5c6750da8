import type { Assignment } from "../../server/contract/agent.ts";
import type { InstanceRecord } from "../instances/instance-record.ts";

const BACKOFF_MS = [0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000] as const;
/** A process that ran this long has proved that it can: the next exit starts the back-off anew. */
const STABLE_MS = 60_000;
/** How far the back-off of one that has served goes: to 2 s. */
const SERVED_FAILURES_MAX = 4;

/** How often launches failed in a row, and when the last process ended. Times are `performance.now()`. */
export interface ExitHistory {
	readonly failures: number;
	readonly lastExitAt: number | null;
}

export const NO_EXITS: ExitHistory = { failures: 0, lastExitAt: null };

/**
 * `served`: the process took connections. Then it is a member that others may wait for, so it isn't kept waiting for more
 * than two seconds however often it ends.
 */
export function recordExit(
	history: ExitHistory,
	ranMs: number,
	nowMs: number,
	served = false,
): ExitHistory {
	const failures = ranMs >= STABLE_MS ? 1 : history.failures + 1;
	return {
		failures: served ? Math.min(failures, SERVED_FAILURES_MAX) : failures,
		lastExitAt: nowMs,
	};
}

export type LaunchDecision =
	| { readonly kind: "launch" }
	| { readonly kind: "wait"; readonly forMs: number }
	/** Only a new permit of the control plane starts it again. */
	| { readonly kind: "needs-permit" };

/**
 * Whether an instance without a process is to be started now. One that never ran can't hold data and starts at once,
 * again with back-off if it fails. One that ran starts by itself only under `restart`; under `report` a sibling may
 * hold newer data, so the control plane must say so with a higher permit.
 */
export function decideLaunch(
	assignment: Pick<Assignment, "onExit" | "launchPermit">,
	record: Pick<InstanceRecord, "history" | "launchPermit">,
	exits: ExitHistory,
	nowMs: number,
): LaunchDecision {
	if (record.history !== "never") {
		if (assignment.launchPermit > record.launchPermit) return { kind: "launch" };
		if (assignment.onExit === "report") return { kind: "needs-permit" };
	}
	if (exits.lastExitAt === null) return { kind: "launch" };
	const backoffMs = BACKOFF_MS[Math.min(exits.failures - 1, BACKOFF_MS.length - 1)] ?? 0;
	const forMs = exits.lastExitAt + backoffMs - nowMs;
	return forMs <= 0 ? { kind: "launch" } : { kind: "wait", forMs };
}
