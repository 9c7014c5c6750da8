import { z } from "zod";
import { cacheNameSchema } from "./cache.ts";
import { LIMITS } from "./limits.ts";
import { metricsRangeSchema } from "./metrics.ts";

export const ACCELERATOR_LIMITS = {
	instances: { min: 1, max: 10 },
	ttlSeconds: { min: 1, max: 86_400 },
} as const;

const endpointSchema = z
	.url({
		protocol: /^https?$/,
		error: "endpoint must be an address such as https://dynamodb.us-east-1.amazonaws.com",
	})
	.max(300)
	.refine(
		(url) => !URL.canParse(url) || new URL(url).username === "",
		"endpoint can't contain credentials; use accessKeyId and secretAccessKey",
	);

const AWS_HOST = /(^|\.)amazonaws\.com(\.cn)?$/;

export const upstreamInputSchema = z
	.strictObject({
		endpoint: endpointSchema.describe("of a DynamoDB"),
		region: z
			.string("region is required")
			.regex(/^[a-z0-9-]{1,64}$/, "region must be a region such as us-east-1"),
		accessKeyId: z
			.string()
			.regex(/^[\w.-]{1,128}$/, "accessKeyId must be an access key id")
			.optional()
			.describe(
				"the key that clients sign their calls with, and the accelerator too; if absent, no signature is verified, for a DynamoDB that verifies none either, such as DynamoDB local",
			),
		secretAccessKey: z.string().min(1).max(1_024).optional(),
	})
	.refine(
		({ accessKeyId, secretAccessKey }) =>
			(accessKeyId === undefined) === (secretAccessKey === undefined),
		{
			message: "accessKeyId and secretAccessKey belong together: send both or neither",
			path: ["secretAccessKey"],
		},
	)
	.refine(
		({ endpoint, accessKeyId }) =>
			accessKeyId !== undefined ||
			!URL.canParse(endpoint) ||
			!AWS_HOST.test(new URL(endpoint).hostname),
		{
			message:
				"AWS verifies signatures, so accessKeyId and secretAccessKey are required for this endpoint",
			path: ["accessKeyId"],
		},
	);

function count(name: string, { min, max }: { min: number; max: number }) {
	return z
		.int(`${name} must be a whole number`)
		.min(min, `${name} must be at least ${min}`)
		.max(max, `${name} can be at most ${max}`);
}

const itemTtlSchema = count("itemTtlSeconds", ACCELERATOR_LIMITS.ttlSeconds).describe(
	"how long items are kept",
);
const queryTtlSchema = count("queryTtlSeconds", ACCELERATOR_LIMITS.ttlSeconds).describe(
	"how long answers of Query and Scan are kept",
);
const instancesSchema = count("instances", ACCELERATOR_LIMITS.instances).describe(
	"processes, each on a host of its own, spread over zones",
);

export const createAcceleratorInputSchema = z.strictObject({
	name: cacheNameSchema,
	cache: z
		.string("cache is required")
		.min(1, "cache is required")
		.max(LIMITS.nameMaxLength)
		.transform((name) => name.toLowerCase())
		.describe("name of the Valkey or Redis OSS cache that holds items and answers"),
	upstream: upstreamInputSchema,
	itemTtlSeconds: itemTtlSchema.default(300),
	queryTtlSeconds: queryTtlSchema.default(60),
	instances: instancesSchema.default(2),
	port: z
		.int("port must be a whole number")
		.min(LIMITS.portMin, `port must be at least ${LIMITS.portMin}`)
		.max(LIMITS.portMax, `port can be at most ${LIMITS.portMax}`)
		.optional()
		.describe("of the endpoint; if absent, Larder chooses one"),
});
export type CreateAcceleratorInput = z.output<typeof createAcceleratorInputSchema>;

/** What can change while it serves. */
export const modifyAcceleratorInputSchema = z.strictObject({
	name: cacheNameSchema,
	itemTtlSeconds: itemTtlSchema.optional(),
	queryTtlSeconds: queryTtlSchema.optional(),
	instances: instancesSchema.optional(),
});
export type ModifyAcceleratorInput = z.output<typeof modifyAcceleratorInputSchema>;

export const acceleratorRefSchema = z.strictObject({ name: cacheNameSchema });

/**
 * `degraded`: it serves, with fewer instances than wanted, or without its cache. `unavailable`: no instance serves.
 */
export const acceleratorStatusSchema = z.enum(["creating", "available", "degraded", "unavailable"]);
export type AcceleratorStatus = z.infer<typeof acceleratorStatusSchema>;

const latencySchema = z
	.object({ p50: z.number(), p99: z.number() })
	.nullable()
	.describe("milliseconds in the accelerator, within a fifth; null before the first");

export const acceleratorMetricsSchema = z.object({
	itemHits: z.int(),
	itemMisses: z.int(),
	queryHits: z.int(),
	queryMisses: z.int(),
	hitRate: z
		.number()
		.nullable()
		.describe("share of cacheable reads, 0 to 1; null before the first"),
	writes: z.int(),
	passed: z.int().describe("calls that the cache can't answer, such as strongly consistent reads"),
	failed: z.int().describe("calls that got an error of the accelerator's own"),
	upstreamCalls: z.int(),
	upstreamCallsSaved: z.int(),
	readUnitsSaved: z
		.number()
		.describe("read units of DynamoDB, less those of strong reads that the accelerator needed"),
	moneySaved: z.number().describe("readUnitsSaved by the rate card"),
	currency: z.string(),
	latencyMs: z.object({ hit: latencySchema, miss: latencySchema, write: latencySchema }),
});
export type AcceleratorMetrics = z.infer<typeof acceleratorMetricsSchema>;

/** What the history of an accelerator has for each span of time. */
export const ACCELERATOR_COLUMNS = [
	"hitRate",
	"hitsPerSecond",
	"missesPerSecond",
	"writesPerSecond",
	"passedPerSecond",
	"failedPerSecond",
	"upstreamCallsPerSecond",
	"savedCallsPerSecond",
	"readUnitsSavedPerSecond",
	"hitP50Ms",
	"hitP99Ms",
	"missP50Ms",
	"missP99Ms",
	"writeP50Ms",
	"writeP99Ms",
] as const;
export type AcceleratorColumn = (typeof ACCELERATOR_COLUMNS)[number];

export const acceleratorHistorySchema = z.object({
	range: metricsRangeSchema,
	resolutionSeconds: z.number(),
	from: z.string(),
	to: z.string(),
	at: z.array(z.string()).describe("when each span of resolutionSeconds begins"),
	values: z
		.record(z.enum(ACCELERATOR_COLUMNS), z.array(z.number().nullable()))
		.describe(
			"a value for each span, of all instances together: rates are per second, latencies milliseconds in the accelerator, within a fifth; null without calls",
		),
});
export type AcceleratorHistory = z.infer<typeof acceleratorHistorySchema>;

export const acceleratorHistoryInputSchema = acceleratorRefSchema.extend({
	range: metricsRangeSchema.default("1h"),
});

export const acceleratorSchema = z.object({
	name: z.string(),
	cache: z.string(),
	upstream: z.object({
		endpoint: z.string(),
		region: z.string(),
		accessKeyId: z.string().nullable().describe("null: signatures aren't verified"),
	}),
	itemTtlSeconds: z.int(),
	queryTtlSeconds: z.int(),
	status: acceleratorStatusSchema,
	statusReason: z.string().nullable(),
	endpoint: z
		.object({ host: z.string(), port: z.int() })
		.nullable()
		.describe("for clients: http://host:port; null until it has a port"),
	alternateHosts: z.array(z.string()).describe("other hosts on which the same port serves"),
	instancesWanted: z.int(),
	instances: z.array(
		z.object({
			id: z.string(),
			host: z.string(),
			zone: z.string(),
			address: z.string(),
			port: z.int().nullable(),
			status: z.enum(["starting", "running", "failed", "unknown"]),
			reason: z.string().nullable(),
			cacheUsable: z
				.boolean()
				.nullable()
				.describe("whether it reaches its cache; null if not known"),
		}),
	),
	metrics: acceleratorMetricsSchema.describe("since the accelerator was created"),
	createdAt: z.string(),
});
export type AcceleratorView = z.infer<typeof acceleratorSchema>;

export const acceleratorListSchema = z.object({ items: z.array(acceleratorSchema) });
