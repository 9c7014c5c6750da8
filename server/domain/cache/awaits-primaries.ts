import { type CacheModel, primaryOf } from "./model.ts";
import { isDead, isServingPrimary, isSilent } from "./node-health.ts";

/**
 * Replicas start once their primaries serve, which in cluster mode takes two seconds more: clients that don't know
 * clusters would get a replica first, and nothing but redirections there.
 */
export function awaitsPrimaries({ modeChange, clusterMode, shards }: CacheModel): boolean {
	if (modeChange === null || clusterMode === "disabled") return false;
	return shards.some((shard) => {
		const primary = primaryOf(shard);
		if (primary === undefined || isDead(primary) || isSilent(primary)) return false;
		const isOk = primary.observation?.engineState?.cluster?.ok === true;
		return !(isOk && isServingPrimary(primary, shard));
	});
}
