import type { Assignment } from "../../server/contract/desired-state.ts";
import type { InstanceRecord } from "../instances/instance-record.ts";

const BACKOFF_MS = [0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000] as const;
/** A process that ran this long has proved that it can: the next exit resets the back-off. */
const STABLE_MS = 60_000;
/** Bounds the back-off to 2 s for an instance that has served. */
const SERVED_FAILURES_MAX = 4;

/** A process that ended sooner counts as a short life. */
const SHORT_MS = 10_000;
/**
 * After this many short lives in a row, another try won't help: something that the node needs to start is broken.
 */
const KEEPS_ENDING_AFTER = 6;

/** How many processes in a row ended before they were stable, and when the last one ended. Times are `performance.now()`. */
export interface ExitHistory {
	readonly failures: number;
	readonly lastExitAt: number | null;
	/** Processes in a row that ended within seconds. */
	readonly shortLives: number;
	/** How many of these ended while the disk was full, which isn't the node's fault. */
	readonly onFullDisk: number;
	/** When the first of these processes ended. */
	readonly shortLivesSince: number | null;
}

export const NO_EXITS: ExitHistory = {
	...{ failures: 0, lastExitAt: null },
	...{ shortLives: 0, onFullDisk: 0, shortLivesSince: null },
};

/**
 * Whether the node can't get past its start here, so that it should be replaced if a sibling has its data.
 */
export function keepsEnding({ shortLives, onFullDisk }: ExitHistory): boolean {
	return shortLives - onFullDisk >= KEEPS_ENDING_AFTER;
}

/**
 * The first end is news, and so are each doubling of their number and the one after which a node keeps exiting. A loop
 * that lasts days causes fewer than 20 events.
 */
export function isExitNews({ shortLives }: ExitHistory): boolean {
	return (
		shortLives < 2 || Number.isInteger(Math.log2(shortLives)) || shortLives === KEEPS_ENDING_AFTER
	);
}

export interface ExitCause {
	/** The process accepted clients. Others may be waiting for this member, so its back-off is two seconds at most. */
	readonly served?: boolean;
	/** It ended, or couldn't be started, while the disk was full. */
	readonly diskFull?: boolean;
}

export function recordExit(
	history: ExitHistory,
	ranMs: number,
	nowMs: number,
	{ served = false, diskFull = false }: ExitCause = {},
): ExitHistory {
	const failures = ranMs >= STABLE_MS ? 1 : history.failures + 1;
	const short = ranMs < SHORT_MS;
	return {
		failures: served ? Math.min(failures, SERVED_FAILURES_MAX) : failures,
		lastExitAt: nowMs,
		shortLives: short ? history.shortLives + 1 : 0,
		onFullDisk: short ? history.onFullDisk + (diskFull ? 1 : 0) : 0,
		shortLivesSince: short ? (history.shortLivesSince ?? nowMs) : null,
	};
}

/** Milliseconds until the next launch; 0 if it is due now. */
export function backoffMs({ failures, lastExitAt }: ExitHistory, nowMs: number): number {
	if (lastExitAt === null) return 0;
	const pauseMs = BACKOFF_MS[Math.min(failures - 1, BACKOFF_MS.length - 1)] ?? 0;
	return Math.max(0, lastExitAt + pauseMs - nowMs);
}

export type LaunchDecision =
	| { readonly kind: "launch" }
	| { readonly kind: "wait"; readonly forMs: number }
	/** Only a new permit from the control plane starts it again. */
	| { readonly kind: "needs-permit" };

/**
 * Whether to start an instance that has no process. An instance that never ran can't hold data and starts
 * at once, with back-off if that fails. One that ran starts by itself only under `restart`; under `report` a
 * sibling may hold newer data, so the control plane must allow the start with a higher permit.
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
	const forMs = backoffMs(exits, nowMs);
	return forMs === 0 ? { kind: "launch" } : { kind: "wait", forMs };
}
