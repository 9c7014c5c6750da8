import type { NodeAddress } from "../drivers/replication-convergence.ts";
import type { AppliedCache } from "./sentinel-record.ts";
import { settingsHash, type WatchedCache } from "./watched-cache.ts";

/** What Sentinel itself says of a cache. */
export interface HeldCache {
	readonly primary: NodeAddress;
	/** Of the election, or announcement, that made it lead; 0 for one that was only named to this Sentinel. */
	readonly configEpoch: number;
	/** It doesn't answer Sentinel, or doesn't let it in. */
	readonly down: boolean;
	readonly failoverUnderWay: boolean;
}

export type CachePlan =
	| { readonly kind: "none" }
	/** Sentinel doesn't know the cache. */
	| { readonly kind: "monitor"; readonly primary: NodeAddress }
	| {
			readonly kind: "adjust";
			/** Another leads than Sentinel believes; null to leave it its own. */
			readonly repointTo: NodeAddress | null;
			/** Nodes or Sentinels are gone for good: Sentinel forgets them only by beginning anew. */
			readonly forget: boolean;
			readonly set: boolean;
	  };

/**
 * What Sentinel is to be told of a cache: only what the control plane has changed since it was told last. A primary that
 * Sentinel chose itself stays, until the control plane names another. It chose itself when it holds another one by an
 * epoch that is newer than what it was told; an older epoch is the late word of a Sentinel that missed something.
 */
export function planCache(options: {
	wanted: WatchedCache;
	applied: AppliedCache | null;
	held: HeldCache | null;
}): CachePlan {
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
	// A door that was closed to Sentinel is tried again 15 s later, unless it begins anew.
	const forget =
		hasLost(applied?.members, wanted.members) ||
		hasLost(applied?.hosts, wanted.hosts) ||
		(changed && held.down);
	return { kind: "adjust", repointTo, forget, set: changed && !forget };
}

export function isSame(a: NodeAddress, b: NodeAddress): boolean {
	return a.host === b.host && a.port === b.port;
}

/** Whether Sentinel was told already all that the control plane wants. */
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
