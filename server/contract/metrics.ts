import { z } from "zod";
import { METRICS_RANGES } from "./choices.ts";
import { nodeRoleSchema } from "./enums.ts";

/** Metrics read from each node every 5 s. Rates are per second over the interval before the reading. */
export const nodeMetricsSchema = z.object({
	memoryUsedBytes: z.number(),
	memoryMaxBytes: z.number(),
	clients: z.number(),
	opsPerSecond: z
		.number()
		.describe(
			"commands that the node ran for clients, including commands in scripts; excludes replication and the PING, AUTH and INFO of gateways and Sentinels",
		),
	hitsPerSecond: z.number(),
	missesPerSecond: z.number(),
	keys: z.number(),
	evictionsPerSecond: z.number(),
	cpuPercent: z.number().describe("percent of one core that the engine process uses"),
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
	id: z.string().describe("distinguishes nodes that have had the same name, one after another"),
	node: z.string(),
	shard: z.string().describe("such as 0001"),
	role: nodeRoleSchema.nullable(),
	leftAt: z
		.string()
		.nullable()
		.describe("when another node replaced it or it was removed; null for a current node"),
	at: z.array(z.string()),
	values: z
		.record(z.string(), z.array(z.number().nullable()))
		.describe(
			"by metric; `samples` is the number of readings behind each mean, so that you can weight a node that existed for only part of the time",
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
