import { BOUNDLESS, decideCapacity, type Room, type Situation } from "../serverless/policy.ts";
import type { CacheModel, PlanAction } from "./model.ts";
import { allNodes } from "./model.ts";

/**
 * Whether the policy (domain/serverless) wants another capacity, or has to say why there is none. The step looks at the
 * hosts' room.
 */
export function planScaling(cache: CacheModel, now: Date): PlanAction[] {
	const situation = situationOf(cache, BOUNDLESS, now);
	if (situation === null || !cache.everAvailable || cache.deleting) return [];
	const { decision, obstacle } = decideCapacity(situation);
	return decision === null && obstacle === null ? [] : [{ kind: "scale" }];
}

/** Null for a provisioned cache. */
export function situationOf(cache: CacheModel, room: Room, now: Date): Situation | null {
	const { elastic } = cache;
	if (elastic === null) return null;
	const { protocol, limits, evictionPolicy, load, idleMs, recent, shards, dataBytes } = elastic;
	// A node that hasn't got what it should have yet can't hold more than it has.
	const present = allNodes(cache).map((node) => node.dataBytes);
	return {
		...{ now: now.getTime(), protocol, limits, evictionPolicy, load, idleMs, recent, room },
		capacity: { shardBytes: Math.min(dataBytes, ...present), shards },
		isResharding: cache.operation !== null || (protocol === null && areNodesPassing(cache, shards)),
	};
}

/** Memcached's nodes come or go, or its proxies don't know of it yet. */
function areNodesPassing(cache: CacheModel, wanted: number): boolean {
	return allNodes(cache).length !== wanted || cache.discoveryNodeIds.length !== wanted;
}
