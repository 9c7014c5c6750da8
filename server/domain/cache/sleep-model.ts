/** A requested change to cluster mode (plan-mode.ts). */
export interface ModeChange {
	id: string;
	startedAt: string;
	/** After an attempt that was interrupted; null before the first. */
	notBefore: string | null;
	/** Attempts that were interrupted. */
	interruptions: number;
	/** The parameter group that its nodes get; null for the default one. */
	parameterGroup: string | null;
}

/** Whether a cache sleeps (plan-sleep.ts), or its nodes end for a change of the cluster mode (plan-mode.ts). */
export interface SleepModel {
	/** Minutes without clients; null for never. */
	afterMinutes: number | null;
	/** Null while it is awake. */
	state: "falling-asleep" | "asleep" | "waking" | null;
	since: string | null;
	/** Its nodes end in order to start in cluster mode. */
	becomesCluster: boolean;
	/** A clause: who needs it. Null for nobody. */
	wakeReason: string | null;
}

/**
 *   replicas, primaries   their hosts end them, with their data kept
 *   asleep                all have ended: their memory is free
 *   wake                  their hosts start them, once they have memory again
 *   awake                 all serve again
 *   prepare               for cluster mode: gateways keep clients waiting, and Sentinels don't watch
 *   cluster               all have ended: their hosts start them in cluster mode
 *
 * `dropsChange`: the requested change of the mode isn't possible, and is given up.
 */
export type SleepStep =
	| { to: "replicas" | "primaries" | "asleep" | "awake" | "prepare" | "cluster" }
	| { to: "wake"; reason: string; dropsChange?: boolean };
