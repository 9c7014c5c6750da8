import type { Observation } from "../contract/host-report.ts";
import { historyAfter } from "../domain/cache/process-history.ts";
import type { Resources } from "../services/context.ts";

/**
 * Takes into memory that replicas of the host have become primaries, before anything else of its report: clients mustn't
 * wait until the database has stored what this host and others have reported. Everything else about the nodes follows, and
 * is stored, when it is the report's turn (take-observations.ts).
 */
export function notePromotions(
	{ fleet, wakeCache }: Pick<Resources, "fleet" | "wakeCache">,
	hostId: string,
	observations: readonly Observation[],
): void {
	for (const seen of observations) {
		const { assignmentId, engineState, pid, startedAt } = seen;
		if (engineState?.role !== "primary") continue;
		const place = fleet.placeOf(assignmentId);
		const before = fleet.observation(assignmentId, null);
		if (place?.hostId !== hostId || before?.engineState?.role !== "replica") continue;
		if (before.pid !== pid || before.startedAt !== startedAt) continue;
		fleet.setObservation(assignmentId, { ...before, engineState, ...historyAfter(before, seen) });
		fleet.notePromotion(assignmentId);
		wakeCache(place.cacheId, "urgent");
	}
}
