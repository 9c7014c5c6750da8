import type { NodeAddress } from "../drivers/replication-convergence.ts";
import type { AppliedCache } from "./sentinel-record.ts";
import { settingsHash, type WatchedCache } from "./watched-cache.ts";

/** What Sentinel itself says about a cache. */
export interface HeldCache {
	readonly primary: NodeAddress;
	/**
	 * Epoch of the election, or announcement, that chose its primary; 0 for a primary that was only named to
	 * this Sentinel.
	 */
	readonly configEpoch: number;
	/** The primary doesn't answer Sentinel, or refuses its login. */
	readonly down: boolean;
	readonly failoverUnderWay: boolean;
}

export type WatchPlan =
	| { readonly kind: "none" }
	/** Sentinel doesn't know the cache. */
	| { readonly kind: "monitor"; readonly primary: NodeAddress }
	| {
			readonly kind: "adjust";
			/** The primary, if it differs from Sentinel's; null to keep Sentinel's own. */
			readonly repointTo: NodeAddress | null;
			/** Sentinel must start over: to forget nodes and Sentinels that are gone for good, or to retry its login now. */
			readonly forget: boolean;
			readonly set: boolean;
	  };

/**
 * What to tell Sentinel about a cache: only what the control plane has changed since the last time. A primary
 * that Sentinel chose itself stays until the control plane names another. Sentinel chose it itself if its
 * epoch is newer than what it was told; an older epoch is late news from a Sentinel that missed something.
 */
export function planWatch(options: {
	wanted: WatchedCache;
	applied: AppliedCache | null;
	held: HeldCache | null;
}): WatchPlan {
	const { wanted, applied, held } = options;
	if (held === null) {
		return wanted.primary === null
			? { kind: "none" }
			: { kind: "monitor", primary: wanted.primary };
	}
	if (held.failoverUnderWay) return { kind: "none" };
	const renamed =
		applied !== null && wanted.primary !== null && !isSame(applied.primary, wanted.primary);
	const outdated = held.configEpoch <= (applied?.epoch ?? 0);
	const repointTo =
		wanted.primary !== null && !isSame(held.primary, wanted.primary) && (renamed || outdated)
			? wanted.primary
			: null;
	const changed = applied?.settings !== settingsHash(wanted);
	// Sentinel retries a refused login only 15 s later, unless it starts over.
	const forget =
		hasLost(applied?.members, wanted.members) ||
		hasLost(applied?.hosts, wanted.hosts) ||
		(changed && held.down);
	return { kind: "adjust", repointTo, forget, set: changed && !forget };
}

export function isSame(a: NodeAddress, b: NodeAddress): boolean {
	return a.host === b.host && a.port === b.port;
}

/** Whether Sentinel already has everything that the control plane wants. */
export function isApplied(wanted: WatchedCache, applied: AppliedCache | undefined): boolean {
	return (
		applied !== undefined &&
		(wanted.primary === null || isSame(applied.primary, wanted.primary)) &&
		applied.settings === settingsHash(wanted) &&
		String(applied.members) === String(wanted.members) &&
		String(applied.hosts) === String(wanted.hosts)
	);
}

function hasLost(before: readonly string[] | undefined, now: readonly string[]): boolean {
	return before?.some((each) => !now.includes(each)) === true;
}
