import { z } from "zod";
import { nodeRoleSchema } from "./enums.ts";

/** What is read from each node every 5 s. Rates are per second over the interval before `at`. */
export const nodeMetricsSchema = z.object({
	memoryUsedBytes: z.number(),
	memoryMaxBytes: z.number(),
	clients: z.number(),
	opsPerSecond: z.number(),
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

export const metricsRangeSchema = z.enum(["15m", "1h", "6h", "24h", "7d", "30d"]);
export type MetricsRange = z.infer<typeof metricsRangeSchema>;

/** Columns of equal length: `at[i]` (ISO 8601) belongs to `values.<metric>[i]`; null where nothing was measured. */
export const nodeSeriesSchema = z.object({
	node: z.string(),
	role: nodeRoleSchema.nullable(),
	at: z.array(z.string()),
	values: z.record(z.string(), z.array(z.number().nullable())),
});

export const cacheMetricsSchema = z.object({
	range: metricsRangeSchema,
	resolutionSeconds: z.number(),
	from: z.string(),
	to: z.string(),
	nodes: z.array(nodeSeriesSchema),
});
export type CacheMetrics = z.infer<typeof cacheMetricsSchema>;
