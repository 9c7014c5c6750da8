import { saysPrimary } from "../drivers/ask-node.ts";
import { EngineConnection } from "../drivers/engine-connection.ts";
import type { NodeAddress } from "../drivers/replication-convergence.ts";
import { type HeldCache, isApplied, isSame, planWatch } from "./plan-watch.ts";
import type { CacheSummary } from "./sentinel-answers.ts";
import type { SentinelLink } from "./sentinel-link.ts";
import type { AppliedCache } from "./sentinel-record.ts";
import { settingsHash, type WatchedCache } from "./watched-cache.ts";

const ROLE_TIMEOUT_MS = 300;

/** Whether there may be something to tell. In calm times the agent asks Sentinel only for the summary. */
export function needsLook(
	cache: WatchedCache,
	applied: AppliedCache | undefined,
	summary: CacheSummary | undefined,
): boolean {
	return (
		summary === undefined ||
		!isApplied(cache, applied) ||
		(cache.primary !== null && !isSame(summary.primary, cache.primary))
	);
}

/**
 * Tells Sentinel what it should know about a cache. Returns what to remember as applied; null for nothing
 * new.
 */
export async function tellCache(
	link: SentinelLink,
	cache: WatchedCache,
	applied: AppliedCache | null,
	held: HeldCache | null,
): Promise<AppliedCache | null> {
	const plan = planWatch({ wanted: cache, applied, held });
	if (plan.kind === "monitor") {
		await link.monitor(cache, plan.primary, false);
		return appliedNow(cache, plan.primary, 0);
	}
	if (plan.kind === "none" || held === null) return null;
	const { repointTo } = plan;
	// Sentinel may know better than a control plane whose news is late.
	if (repointTo !== null && !(await leads(cache, repointTo))) return null;
	const known = applied?.epoch ?? 0;
	const newest = Math.max(known, held.configEpoch);
	const epoch = repointTo === null ? newest : newest + 1;
	const announced = repointTo === null || (await link.announce(cache.cacheId, repointTo, epoch));
	if (plan.forget || !announced) await link.monitor(cache, repointTo ?? held.primary, true);
	else if (plan.set) await link.set(cache);
	const decidedItself =
		repointTo === null && cache.primary !== null && !isSame(held.primary, cache.primary);
	const primary = cache.primary ?? applied?.primary ?? held.primary;
	return appliedNow(cache, primary, decidedItself ? known : epoch);
}

function appliedNow(cache: WatchedCache, primary: NodeAddress, epoch: number): AppliedCache {
	const lists = { members: [...cache.members], hosts: [...cache.hosts] };
	return { primary, settings: settingsHash(cache), ...lists, epoch };
}

/** Whether a node itself says that it is a primary. */
async function leads({ login }: WatchedCache, node: NodeAddress): Promise<boolean> {
	try {
		const connection = await EngineConnection.open({ ...node, ...login }, ROLE_TIMEOUT_MS);
		try {
			return saysPrimary(await connection.command(["ROLE"], ROLE_TIMEOUT_MS));
		} finally {
			connection.close();
		}
	} catch {
		// It isn't there, or refuses Sentinels: the next turn asks again.
		return false;
	}
}
