import type { DesiredState } from "../../server/contract/desired-state.ts";

/** A restore sets the epoch from the clock. Restarts raise it one at a time, and never this far. */
const EPOCHS_BY_RESTARTS = 100_000;

/**
 * Whether a state may come from a control plane that was restored from a backup: it says so, or it took over
 * later and knows less. It may have forgotten what it doesn't know.
 */
export function mayBeForgetful(next: DesiredState, held: DesiredState | null): boolean {
	if (next.epoch === held?.epoch) return false;
	if (next.unlocated.length > 0) return true;
	return (
		held !== null &&
		next.hostId === held.hostId &&
		next.epoch > held.epoch &&
		(next.revision < held.revision || next.epoch - held.epoch > EPOCHS_BY_RESTARTS)
	);
}
