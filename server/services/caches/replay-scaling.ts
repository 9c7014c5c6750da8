import type { z } from "zod";
import {
	AppError,
	changeLimits,
	limitsProblem,
	NO_LIMITS,
	type replayScalingInputSchema,
	type ScalingDecision,
	type ScalingReplay,
} from "../../contract/index.ts";
import { isServerless, limitsOf, protocolOf } from "../../data/serverless-rows.ts";
import { NODE_VCPUS } from "../../domain/serverless/capacity.ts";
import type { ShardCapacity } from "../../domain/serverless/policy.ts";
import { type ReplaySample, replayPolicy } from "../../domain/serverless/replay.ts";
import type { Resources } from "../context.ts";
import { findCache } from "./find-cache.ts";
import { getCacheMetrics } from "./get-cache-metrics.ts";

/**
 * What the scaling policy would have decided over the cache's recorded samples. Throws `invalid_argument` for
 * limits that contradict each other.
 */
export async function replayScaling(
	resources: Resources,
	input: z.output<typeof replayScalingInputSchema>,
): Promise<ScalingReplay> {
	const row = await findCache(resources.db, input.name);
	const limits = changeLimits(isServerless(row) ? limitsOf(row) : NO_LIMITS, input.limits ?? {});
	const problem = limitsProblem(limits);
	if (problem !== null) {
		throw new AppError("invalid_argument", problem.message, { field: problem.field });
	}
	const { nodes, from, to, resolutionSeconds } = await getCacheMetrics(resources, input);
	const protocol = protocolOf(row);
	const samples = perTime(nodes, resolutionSeconds, protocol === null);
	const { decisions, end } = replayPolicy(samples, protocol, limits, resolutionSeconds * 1_000);
	return {
		...{ from, to, limits, samples: samples.length, end: toCapacity(end) },
		items: decisions.map(
			({ at, trigger, reason, ...decision }): ScalingDecision => ({
				...{ at: new Date(at).toISOString(), trigger, reason },
				...{ from: toCapacity(decision.from), to: toCapacity(decision.to) },
			}),
		),
	};
}

function toCapacity({ shardBytes, shards }: ShardCapacity) {
	return { memoryBytes: shardBytes * shards, shards };
}

type Series = Awaited<ReturnType<typeof getCacheMetrics>>["nodes"][number];

/**
 * By time, the sum over shards of their fullest and busiest nodes: roles in the past aren't recorded. Memcached's nodes
 * hold different data, and use all processors that they have.
 */
function perTime(
	nodes: readonly Series[],
	resolutionSeconds: number,
	isMemcached: boolean,
): ReplaySample[] {
	const everyMs = resolutionSeconds * 1_000;
	const times = new Map<number, Map<string, { usedBytes: number; cpuShare: number }>>();
	const processors = isMemcached ? NODE_VCPUS : 1;
	for (const { shard: ofShard, node, at, values } of nodes) {
		const shard = isMemcached ? node : ofShard;
		for (const [index, text] of at.entries()) {
			const time = Math.round(Date.parse(text) / everyMs) * everyMs;
			const shards = times.get(time) ?? new Map<string, { usedBytes: number; cpuShare: number }>();
			const most = shards.get(shard) ?? { usedBytes: 0, cpuShare: 0 };
			shards.set(shard, {
				usedBytes: Math.max(most.usedBytes, values.memoryUsedBytes?.[index] ?? 0),
				cpuShare: Math.max(most.cpuShare, (values.cpuPercent?.[index] ?? 0) / 100 / processors),
			});
			times.set(time, shards);
		}
	}
	return [...times]
		.sort(([a], [b]) => a - b)
		.map(([at, shards]) => {
			const all = [...shards.values()];
			return {
				at,
				usedBytes: all.reduce((sum, { usedBytes }) => sum + usedBytes, 0),
				cpuShare: all.reduce((sum, { cpuShare }) => sum + cpuShare, 0),
				ecpuPerSecond: null,
			};
		});
}
