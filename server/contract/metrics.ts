import { z } from "zod";
import { METRICS_RANGES } from "./choices.ts";
import { nodeRoleSchema } from "./enums.ts";

/** Metrics read from each node every 5 s. Rates are per second over the interval before `at`. */
export const nodeMetricsSchema = z.object({
	memoryUsedBytes: z.number(),
	memoryMaxBytes: z.number(),
	clients: z.number(),
	opsPerSecond: z
		.number()
		.describe(
			"commands that the node carried out for clients, those of scripts included; neither what replication repeats nor what keeps connections, gateways and Sentinels going (PING, AUTH, INFO …)",
		),
	hitsPerSecond: z.number(),
	missesPerSecond: z.number(),
	keys: z.number(),
	evictionsPerSecond: z.number(),
	cpuPercent: z.number().describe("of one core, the whole engine process"),
	replicationLagBytes: z
		.number()
		.nullable()
		.describe("bytes behind the primary's offset; null on a primary"),
});
export type NodeMetrics = z.infer<typeof nodeMetricsSchema>;

export const METRIC_NAMES = Object.keys(nodeMetricsSchema.shape) as (keyof NodeMetrics)[];

export const metricsRangeSchema = z.enum(METRICS_RANGES);
export type MetricsRange = z.infer<typeof metricsRangeSchema>;

/**
 * Columns of equal length: `at[i]` (ISO 8601) belongs to `values.<metric>[i]`; null if nothing was measured.
 */
export const nodeSeriesSchema = z.object({
	id: z.string().describe("tells apart nodes that had one name after the other"),
	node: z.string(),
	shard: z.string().describe("such as 0001"),
	role: nodeRoleSchema.nullable(),
	leftAt: z
		.string()
		.nullable()
		.describe("when another node took its place, or it was removed; null for a node of today"),
	at: z.array(z.string()),
	values: z
		.record(z.string(), z.array(z.number().nullable()))
		.describe(
			"by metric; `samples` tells of how many readings a value is the mean, so that a node that was there for part of that time can be weighed",
		),
});

export const cacheMetricsSchema = z.object({
	range: metricsRangeSchema,
	resolutionSeconds: z.number(),
	from: z.string(),
	to: z.string(),
	nodes: z.array(nodeSeriesSchema),
});
export type CacheMetrics = z.infer<typeof cacheMetricsSchema>;
