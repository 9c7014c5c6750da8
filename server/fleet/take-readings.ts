import type { ReportInput } from "../contract/host-report.ts";
import { AGENT_TIMING } from "../contract/limits.ts";
import { storeSamples } from "../data/metrics-store.ts";
import type { Resources } from "../services/context.ts";
import { takeUsage } from "./take-usage.ts";

/** What a host has read from its engines' counters. */
export type Readings = Pick<ReportInput, "metrics" | "usage">;

export const NO_READINGS: Readings = { metrics: [], usage: [] };

/**
 * Whether some are of nodes that the host no longer has. They must be stored before its observations, which remove these
 * nodes.
 */
export function hasLastReadings({ observations, metrics, usage }: ReportInput): boolean {
	if (observations === null) return false;
	const present = new Set(observations.map(({ assignmentId }) => assignmentId));
	return [...metrics, ...usage].some(({ assignmentId }) => !present.has(assignmentId));
}

/** Throws if the database can't keep up, or refuses them. */
export async function takeReadings(
	resources: Resources,
	{ metrics, usage }: Readings,
): Promise<void> {
	const results = await Promise.allSettled([
		takeMetrics(resources, metrics),
		takeUsage(resources, usage),
	]);
	for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** Samples of a node are 5 s apart. One about as old as another is the same one, resent. */
async function takeMetrics(
	{ db, fleet, clock, wakeCache }: Resources,
	samples: ReportInput["metrics"],
): Promise<void> {
	const now = clock.now().getTime();
	const newest = new Map<string, number>();
	const fresh = samples.flatMap(({ assignmentId: nodeId, at: text, metrics }) => {
		const at = new Date(text);
		const before = newest.get(nodeId) ?? fleet.sampledAt(nodeId) ?? Number.NEGATIVE_INFINITY;
		// A sample from the future is from before this clock was set back.
		const isSentAgain = before <= now && at.getTime() - before < AGENT_TIMING.metricsIntervalMs / 2;
		if (isSentAgain) return [];
		newest.set(nodeId, at.getTime());
		return [{ nodeId, at, metrics }];
	});
	await storeSamples(
		db,
		fresh.map(({ metrics, ...sample }) => ({ ...sample, ...metrics })),
	);
	for (const { nodeId, at, metrics } of fresh) {
		fleet.setMetrics(nodeId, at, metrics);
		const place = fleet.placeOf(nodeId);
		if (place !== null && fleet.elastic.isPressed(nodeId)) wakeCache(place.cacheId);
	}
}
