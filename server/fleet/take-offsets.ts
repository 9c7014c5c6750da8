import type { Observation, ReportInput } from "../contract/host-report.ts";
import type { FleetState } from "../data/fleet-state.ts";
import { isSameButForOffset, type StoredObservation } from "../data/stored-observation.ts";
import { historyAfter } from "../domain/cache/process-history.ts";
import { oncePer } from "../platform/once-per.ts";
import { silenceStart } from "./arrival-times.ts";

/** An observation, with what earlier ones of the same node add to it. */
export function observationAfter(
	before: StoredObservation | null,
	seen: Observation,
): StoredObservation {
	return { ...seen, silentSince: silenceStart(before, seen), ...historyAfter(before, seen) };
}

/** What each host's last stored report named. */
const storedOf = oncePer((_: FleetState) => new Map<string, string>());

/** The revision and the ids in a report. What is stored depends on them and on the observations themselves. */
function namesIn({ revision, observations, setAside }: ReportInput): string {
	const named = [...(observations ?? []), ...setAside].map(({ assignmentId }) => assignmentId);
	return [revision, ...named].join(" ");
}

/**
 * Takes a report's observations if nothing but their offsets differs from what was last stored, as in most heartbeats:
 * offsets are kept in memory alone. Otherwise returns false and takes nothing, because the database must change.
 */
export function takeOffsets(fleet: FleetState, hostId: string, report: ReportInput): boolean {
	const { observations } = report;
	if (observations === null || storedOf(fleet).get(hostId) !== namesIn(report)) return false;
	const next = observations.map((seen) => {
		const before = fleet.observation(seen.assignmentId, null);
		const after = observationAfter(before, seen);
		const isStored =
			before !== null &&
			isSameButForOffset(before, after) &&
			!fleet.isUnsaved(seen.assignmentId) &&
			seen.reason === null;
		return isStored ? after : null;
	});
	if (next.includes(null)) return false;
	for (const after of next) if (after !== null) fleet.setOffset(after.assignmentId, after);
	return true;
}

/** Everything that follows from the report's observations is in the database. */
export function noteStored(fleet: FleetState, hostId: string, report: ReportInput): void {
	storedOf(fleet).set(hostId, namesIn(report));
}
