import type { Cache, CacheNode, Failover } from "../../server/contract/cache-view.ts";
import type { Event } from "../../server/contract/event.ts";
import { formatDuration } from "./format/time.ts";

type Shard = Cache["shards"][number];

/** Types of the events for a requested failover and for one that failed. */
const REQUESTED = "cache.failover-requested";
const FAILED = "cache.failover-failed";

export function primaryOf(shard: Shard): CacheNode | undefined {
	return shard.nodes.find(({ role }) => role === "primary");
}

/** Replicas that could take over now without losing a write. */
export function readyReplicas(shard: Shard): CacheNode[] {
	return shard.nodes.filter(({ role, status }) => role === "replica" && status === "available");
}

/** Why no shard of the cache can fail over; null if it depends on the shard. */
export function failoverObstacle(cache: Cache): string | null {
	if (cache.engine === "memcached") return "Memcached keeps no copies to fail over to.";
	if (cache.replicasPerShard === 0) return "There is no replica to fail over to.";
	if (cache.status === "creating") return "The cache can fail over once it is available.";
	if (cache.status === "deleting") return "The cache is being deleted.";
	return null;
}

/** Why this shard can't fail over now; null when it can. */
export function shardObstacle(shard: Shard): string | null {
	const primary = primaryOf(shard);
	if (primary?.status !== "available") {
		return "The primary isn't available, so it can't hand over. With automatic failover on, a replica takes over by itself.";
	}
	if (readyReplicas(shard).length === 0) {
		return "No replica is in sync, so a failover would lose writes. Wait until one is in sync.";
	}
	return null;
}

/** "writes paused for 12 ms"; null when it wasn't measured. */
export function unavailabilityWords({ kind, writesUnavailableMs }: Failover): string | null {
	if (writesUnavailableMs === null) return null;
	const duration = writesUnavailableMs < 1 ? "less than 1 ms" : formatDuration(writesUnavailableMs);
	return kind === "planned" ? `writes paused for ${duration}` : `no writes for ${duration}`;
}

/** A failover that this browser requested. */
export interface AwaitedFailover {
	shard: string;
	/** The primary at the time of the request. */
	from: string;
	/** Time of the cache's last failover before the request; null without one. */
	previousAt: string | null;
}

export interface FailoverOutcome {
	/** The new primary; null when the failover failed. */
	leader: string | null;
	/** Its figures, or the reason. */
	detail: string | null;
}

/**
 * How the failover ended; null while it is under way. A cache reports only its newest failover. When another shard failed
 * over later, the roles in this shard show that it is done.
 */
export function failoverOutcome(
	awaited: AwaitedFailover,
	cache: Cache,
	events: readonly Event[],
): FailoverOutcome | null {
	const { lastFailover } = cache;
	if (lastFailover !== null && lastFailover.at !== awaited.previousAt) {
		if (lastFailover.shard === awaited.shard) {
			return { leader: lastFailover.to, detail: unavailabilityWords(lastFailover) };
		}
		const shard = cache.shards.find(({ id }) => id === awaited.shard);
		const leader = shard === undefined ? undefined : primaryOf(shard)?.id;
		if (leader !== undefined && leader !== awaited.from) return { leader, detail: null };
	}
	const requestedAt = events.find(({ type }) => type === REQUESTED)?.at;
	const failure = events.find(
		({ type, at }) => type === FAILED && requestedAt !== undefined && at >= requestedAt,
	);
	return failure === undefined ? null : { leader: null, detail: failure.message };
}
