import type { ProgressStep } from "../../contract/index.ts";
import {
	copySeconds,
	leaveSeconds,
	PLACE_SECONDS,
	RESIZE_SECONDS,
	ROUTE_SECONDS,
} from "./expected-time.ts";
import { allNodes, type CacheModel, type NodeModel, nodesWanted } from "./model.ts";
import { isOtherEngine, isOtherSize, isOutOfZone } from "./node-kind.ts";
import {
	ANNOUNCE,
	COPY,
	PLACE,
	REMOVE,
	RESIZE,
	REZONE,
	START,
	UPGRADE,
	WITHDRAW,
} from "./size-progress.ts";

/** How much memory a node uses for data, according to its newest sample; 0 if unknown. */
export type UsedBytes = (nodeId: string) => number;
type Step = Pick<ProgressStep, "step" | "startedAt">;

/** Whether a step still has to change a node. */
const TO_CHANGE: Readonly<Record<string, (cache: CacheModel, node: NodeModel) => boolean>> = {
	[RESIZE]: isOtherSize,
	[REZONE]: isOutOfZone,
	[UPGRADE]: isOtherEngine,
};

/**
 * How far along a change of nodes is, judged by the last step that has ever begun, so that it doesn't go back when a
 * node fails and an earlier step has work again.
 */
export function resizePercent(cache: CacheModel, steps: readonly Step[]): number {
	const current = steps.findLastIndex(({ startedAt }) => startedAt !== null);
	const step = steps[current];
	if (step === undefined) return 0;
	const percent = Math.floor(((current + changedShare(cache, step)) / steps.length) * 100);
	return Math.min(percent, 99);
}

/** When the change will be done, judged by what others took, or by its own speed if that is slower. Null if overdue. */
export function resizeEnd(
	cache: CacheModel,
	steps: readonly Step[],
	usedBytes: UsedBytes,
	now: Date,
): Date | null {
	const current = steps.findLastIndex(({ startedAt }) => startedAt !== null);
	const step = steps[current];
	const later = steps.slice(current + 1).map((each) => secondsOf(cache, each, usedBytes));
	const laterMs = later.reduce((sum, seconds) => sum + seconds * 1_000, 0);
	if (step === undefined || step.startedAt === null) return new Date(now.getTime() + laterMs);
	const tookMs = now.getTime() - Date.parse(step.startedAt);
	const share = changedShare(cache, step);
	const expectedMs = secondsOf(cache, step, usedBytes) * 1_000;
	if (share === 0 && tookMs > expectedMs) return null;
	const leftMs =
		share === 0 ? expectedMs - tookMs : Math.max(expectedMs, (tookMs / share) * (1 - share));
	return new Date(now.getTime() + leftMs + laterMs);
}

/** The share of nodes already changed, for a step that changes existing nodes; 0 for other steps. */
function changedShare(cache: CacheModel, { step }: Step): number {
	const isToChange = TO_CHANGE[step];
	if (isToChange === undefined) return 0;
	const total = cache.shards.reduce((sum, shard) => sum + nodesWanted(cache, shard), 0);
	const left = allNodes(cache).filter((node) => isToChange(cache, node)).length;
	return total === 0 ? 0 : Math.max(0, 1 - left / total);
}

function secondsOf(cache: CacheModel, { step }: Step, usedBytes: UsedBytes): number {
	const bytes = cache.shards.map(({ primaryNodeId }) => usedBytes(primaryNodeId ?? ""));
	switch (step) {
		case PLACE:
			return PLACE_SECONDS;
		case COPY:
		case START:
			return copySeconds(bytes);
		case ANNOUNCE:
		case WITHDRAW:
			return ROUTE_SECONDS;
		case REMOVE:
			return leaveSeconds(cache.engine, 1);
		default:
			return allNodes(cache)
				.filter((node) => TO_CHANGE[step]?.(cache, node) === true)
				.reduce(
					(sum, { id }) => sum + (step === RESIZE ? RESIZE_SECONDS : copySeconds([usedBytes(id)])),
					0,
				);
	}
}
