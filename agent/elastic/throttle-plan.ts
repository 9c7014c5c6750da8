import type { TokenBucket } from "./token-bucket.ts";

/** How long clients wait at a time, as far as the load lets the agent choose. */
const SLICE_MS = 20;
/** The engine looks at the end of a pause this often while it is throttled (`hz`). */
export const SLICE_MIN_MS = 10;
/**
 * No pause is longer: health checks, Sentinels and agents wait for its end like clients. So at least six times a
 * second, each client gets an answer to all that it has sent.
 */
export const SLICE_MAX_MS = 150;
const OPEN_MAX_MS = 100;
/** Shorter than this, an agent on a busy machine can't time how long the engine is open. */
const OPEN_TIMED_MIN_MS = 3;
const LOOK_CALM_MS = 100;
const LOOK_SOONEST_MS = 10;

/** How long to pause clients now, in milliseconds; 0 for not at all. */
export function sliceMs(bucket: TokenBucket, expectedUse = 0): number {
	const waitMs = bucket.waitMs(expectedUse);
	return waitMs === 0 ? 0 : Math.round(Math.min(SLICE_MAX_MS, Math.max(SLICE_MIN_MS, waitMs)));
}

/** How long to let clients work between two pauses; null for one pass, in which each client is served once. */
export function openMs(usePerSecond: number, limit: number): number | null {
	const ratio = usePerSecond / limit;
	if (ratio <= 1) return OPEN_MAX_MS;
	const ms = SLICE_MS / (ratio - 1);
	return ms < OPEN_TIMED_MIN_MS ? null : Math.min(OPEN_MAX_MS, ms);
}

/** How soon to look again at an engine whose clients are within the limit. */
export function lookMs(bucket: TokenBucket, usePerSecond: number): number {
	return Math.min(LOOK_CALM_MS, Math.max(LOOK_SOONEST_MS, bucket.lastsMs(usePerSecond) / 2));
}
