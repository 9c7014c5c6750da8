import { BUSY_TIMING } from "../../contract/limits.ts";

/**
 * How long a primary of a cache with these overrides may work on one command before another node takes over.
 */
export function busyTimeoutMs(overrides: Readonly<Record<string, string>>): number {
	return Number(overrides["larder-busy-timeout"] ?? BUSY_TIMING.defaultSeconds) * 1_000;
}
