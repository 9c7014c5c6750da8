import type { Cache, CacheNode, Failover } from "../../server/contract/cache.ts";
import type { Event } from "../../server/contract/event.ts";
import { formatDuration } from "./format/time.ts";

type Shard = Cache["shards"][number];

/** How the control plane tells of a failover that was asked for, and of one that came to nothing. */
const REQUESTED = "cache.failover-requested";
const FAILED = "cache.failover-failed";

export function primaryOf(shard: Shard): CacheNode | undefined {
	return shard.nodes.find(({ role }) => role === "primary");
}

/** Replicas that could lead at once, without a write lost. */
export function readyReplicas(shard: Shard): CacheNode[] {
	return shard.nodes.filter(({ role, status }) => role === "replica" && status === "available");
}

/** Why the cache can't hand over to anybody, whatever the shard; null when it can. */
export function failoverObstacle(cache: Cache): string | null {
	if (cache.engine === "memcached") return "Memcached keeps no copies to fail over to.";
	if (cache.replicasPerShard === 0) return "There is no replica to fail over to.";
	if (cache.status === "creating") return "It can fail over once it is available.";
	if (cache.status === "deleting") return "It is being deleted.";
	return null;
}

/** Why this shard can't hand over now; null when it can. */
export function shardObstacle(shard: Shard): string | null {
	const primary = primaryOf(shard);
	if (primary?.status !== "available") {
		return "No primary serves that could hand over. A replica takes its place by itself where automatic failover is on.";
	}
	if (readyReplicas(shard).length === 0) {
		return "No replica is in sync, so none could lead without losing writes. Wait until one is.";
	}
	return null;
}

/** "writes paused for 12 ms"; null when nobody measured it. */
export function unavailabilityWords({ kind, writesUnavailableMs }: Failover): string | null {
	if (writesUnavailableMs === null) return null;
	const duration = writesUnavailableMs < 1 ? "less than 1 ms" : formatDuration(writesUnavailableMs);
	return kind === "planned" ? `writes paused for ${duration}` : `no writes for ${duration}`;
}

/** What a failover that this browser asked for was to change. */
export interface AwaitedFailover {
	shard: string;
	/** Who led when it was asked for. */
	from: string;
	/** When the cache's last failover was by then; null without one. */
	previousAt: string | null;
}

export interface FailoverOutcome {
	/** Who leads since; null when it came to nothing. */
	leader: string | null;
	/** Its figures, or the reason. */
	detail: string | null;
}

/**
 * How it ended; null while it goes on. A cache tells of its newest failover alone: when another shard's came after it,
 * the roles of its own shard say that it is done.
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
