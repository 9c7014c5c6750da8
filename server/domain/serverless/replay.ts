import type { Protocol } from "../../contract/enums.ts";
import type { Limits } from "../../contract/serverless.ts";
import { boundsOf } from "./capacity.ts";
import { cacheLoadOf, LoadWindow } from "./load.ts";
import { partsOf } from "./parts.ts";
import {
	BOUNDLESS,
	type Decision,
	decideCapacity,
	type RecentScaling,
	remember,
	type ShardCapacity,
} from "./policy.ts";

/** What a cache's primaries did together at a time. */
export interface ReplaySample {
	at: number;
	usedBytes: number;
	/** Of one processor, of all primaries together. */
	cpuShare: number;
	/** Null if unknown. */
	ecpuPerSecond: number | null;
}

/** Agents report no growth slower than this: what a node uses always changes a little. */
const STILL_BYTES_PER_SECOND = 1_000_000;

export interface ReplayedDecision extends Decision {
	at: number;
	from: ShardCapacity;
}

/**
 * What the policy would have decided over samples (oldest first, about `everyMs` apart), from its smallest capacity on,
 * with the load spread evenly over shards. Hosts' room in the past isn't recorded, so there is room for everything.
 */
export function replayPolicy(
	samples: readonly ReplaySample[],
	/** Null for Memcached. */
	protocol: Protocol | null,
	limits: Limits,
	everyMs: number,
): { decisions: ReplayedDecision[]; end: ShardCapacity } {
	const all = new LoadWindow(4 * everyMs);
	const decisions: ReplayedDecision[] = [];
	const { least } = partsOf(protocol);
	let capacity: ShardCapacity = { shardBytes: boundsOf(limits, least).minBytes, shards: least };
	let recent: RecentScaling = { changedAt: null, shardsAt: null, shrunkAt: [] };
	for (const [index, sample] of samples.entries()) {
		const { at } = sample;
		all.add(sample);
		const load = all.load(at);
		const before = samples[index - 1];
		if (load === null) continue;
		const { shards } = capacity;
		const spread = cacheLoadOf(
			Array.from({ length: shards }, () => ({
				usedBytes: load.usedBytes / shards,
				bytesPerSecond: growthBetween(before, sample) / shards,
				cpuShare: load.cpuShare / shards,
				ecpuPerSecond: load.ecpuPerSecond === null ? null : load.ecpuPerSecond / shards,
				calm: share(load.calm, shards),
				longCalm: share(load.longCalm, shards),
			})),
		);
		const { decision } = decideCapacity({
			...{ now: at, protocol, limits, capacity, load: spread, room: BOUNDLESS, recent },
			// It only words why a cache is full.
			...{ isResharding: false, idleMs: null, evictionPolicy: null },
		});
		if (decision === null) continue;
		decisions.push({ ...decision, at, from: capacity });
		recent = remember(recent, capacity, decision, at);
		capacity = decision.to;
	}
	return { decisions, end: capacity };
}

function growthBetween(before: ReplaySample | undefined, { at, usedBytes }: ReplaySample): number {
	if (before === undefined || at <= before.at) return 0;
	const bytesPerSecond = (1_000 * (usedBytes - before.usedBytes)) / (at - before.at);
	return bytesPerSecond < STILL_BYTES_PER_SECOND ? 0 : bytesPerSecond;
}

function share<T extends { usedBytes: number; cpuShare: number; ecpuPerSecond: number }>(
	peak: T | null,
	shards: number,
): T | null {
	if (peak === null) return null;
	const { usedBytes, cpuShare, ecpuPerSecond } = peak;
	return {
		...peak,
		usedBytes: usedBytes / shards,
		cpuShare: cpuShare / shards,
		ecpuPerSecond: ecpuPerSecond / shards,
	};
}
