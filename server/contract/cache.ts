import { z } from "zod";
import { engineVersionInputSchema } from "./engine-version.ts";
import {
	authModeSchema,
	cacheKindSchema,
	cacheStatusSchema,
	clusterModeSchema,
	engineSchema,
	nodeRoleSchema,
	nodeStatusSchema,
	stepStateSchema,
} from "./enums.ts";
import { LIMITS } from "./limits.ts";
import { metricsRangeSchema, nodeMetricsSchema } from "./metrics.ts";
import { nodeTypeNameSchema } from "./node-type.ts";
import { cursorSchema, limitSchema, pageOf } from "./pagination.ts";

/** ElastiCache's rule for identifiers; names are stored in lower case. */
export const cacheNameSchema = z
	.string("name is required")
	.min(1, "name is required")
	.max(LIMITS.nameMaxLength, `name can have at most ${LIMITS.nameMaxLength} characters`)
	.regex(/^[A-Za-z]/, "name must begin with a letter")
	.regex(/^[A-Za-z0-9-]*$/, "name can hold only letters, digits and hyphens")
	.regex(/^(?!.*--)/s, "name cannot contain two hyphens in a row")
	.regex(/[^-]$/, "name cannot end with a hyphen")
	.transform((name) => name.toLowerCase());

const noControlCharacters = /^[^\p{Cc}]*$/u;

export const tagsSchema = z
	.record(
		z
			.string()
			.min(1, "a tag key cannot be empty")
			.max(LIMITS.tagKeyMaxLength)
			.regex(noControlCharacters, "a tag key cannot hold control characters"),
		z
			.string()
			.max(LIMITS.tagValueMaxLength)
			.regex(noControlCharacters, "a tag value cannot hold control characters"),
	)
	.refine(
		(tags) => Object.keys(tags).length <= LIMITS.tagsMax,
		`a cache can have at most ${LIMITS.tagsMax} tags`,
	);

const createCacheFields = z.strictObject({
	name: cacheNameSchema,
	kind: cacheKindSchema.default("provisioned"),
	engine: engineSchema.default("valkey"),
	engineVersion: engineVersionInputSchema
		.optional()
		.describe("newest available when absent; 9 means the newest 9.x"),
	nodeType: nodeTypeNameSchema.default("cache.t4g.micro"),
	clusterMode: clusterModeSchema.default("disabled"),
	shards: z.literal(1, "shards must be 1 while clusterMode is disabled").default(1),
	replicasPerShard: z
		.int("replicasPerShard must be a whole number")
		.min(0, "replicasPerShard must be 0 to 5")
		.max(LIMITS.replicasPerShardMax, "replicasPerShard must be 0 to 5")
		.default(0),
	multiAz: z.boolean().default(false),
	automaticFailover: z
		.boolean()
		.optional()
		.describe("on by default when there is a replica to fail over to"),
	auth: authModeSchema.default("password"),
	port: z
		.int("port must be a whole number")
		.min(LIMITS.portMin, `port must be ${LIMITS.portMin} to ${LIMITS.portMax}`)
		.max(LIMITS.portMax, `port must be ${LIMITS.portMin} to ${LIMITS.portMax}`)
		.optional()
		.describe("the lowest free one from 6379 up when absent"),
	tags: tagsSchema.default({}),
	description: z
		.string()
		.max(LIMITS.descriptionMaxLength)
		.regex(noControlCharacters, "description cannot hold control characters")
		.default(""),
});

/** The one schema of a create request: console form, tRPC, REST and CLI all parse with it. */
export const createCacheInputSchema = createCacheFields
	.check((ctx) => {
		const { replicasPerShard, multiAz, automaticFailover } = ctx.value;
		if (automaticFailover === true && replicasPerShard < 1) {
			ctx.issues.push({
				code: "custom",
				path: ["automaticFailover"],
				message: "automaticFailover needs at least one replica; set replicasPerShard to 1 or more",
				input: automaticFailover,
			});
		}
		if (multiAz && replicasPerShard < 1) {
			ctx.issues.push({
				code: "custom",
				path: ["multiAz"],
				message: "multiAz needs at least one replica; set replicasPerShard to 1 or more",
				input: multiAz,
			});
		}
		if (multiAz && automaticFailover === false) {
			ctx.issues.push({
				code: "custom",
				path: ["automaticFailover"],
				message: "multiAz needs automaticFailover; leave it out or set it to true",
				input: automaticFailover,
			});
		}
	})
	.transform((value) => ({
		...value,
		automaticFailover: value.automaticFailover ?? value.replicasPerShard > 0,
	}));
/** What a caller may send. */
export type CreateCacheInput = z.input<typeof createCacheInputSchema>;
/** What is left once defaults are filled in. */
export type CreateCacheSpec = z.output<typeof createCacheInputSchema>;

export const endpointSchema = z.object({ host: z.string(), port: z.number() });
export type Endpoint = z.infer<typeof endpointSchema>;

export const nodeEndpointSchema = endpointSchema.extend({ node: z.string() });

export const cacheNodeSchema = z.object({
	id: z.string().describe("member name, such as orders-001"),
	role: nodeRoleSchema.nullable().describe("as the engine says; null while it is not running"),
	zone: z.string(),
	host: z.string(),
	address: z.string(),
	port: z.number(),
	pid: z.number().nullable(),
	status: nodeStatusSchema,
	statusReason: z.string().nullable(),
	inSync: z.boolean(),
	metrics: nodeMetricsSchema.nullable().describe("newest sample"),
});
export type CacheNode = z.infer<typeof cacheNodeSchema>;

export const shardSchema = z.object({
	id: z.string(),
	slots: z.string().nullable(),
	nodes: z.array(cacheNodeSchema),
});

export const progressStepSchema = z.object({
	step: z.string(),
	state: stepStateSchema,
	startedAt: z.string().nullable(),
	finishedAt: z.string().nullable(),
});
export type ProgressStep = z.infer<typeof progressStepSchema>;

export const cacheSchema = z.object({
	name: z.string(),
	kind: cacheKindSchema,
	engine: engineSchema,
	engineVersion: z.string().describe("in full once nodes run, as asked for before"),
	status: cacheStatusSchema,
	statusReason: z.string().nullable(),
	progress: z.array(progressStepSchema),
	nodeType: nodeTypeNameSchema,
	clusterMode: clusterModeSchema,
	replicasPerShard: z.number(),
	multiAz: z.boolean(),
	automaticFailover: z.boolean(),
	port: z.number().nullable(),
	endpoints: z.object({
		primary: endpointSchema.nullable(),
		reader: endpointSchema.nullable(),
		configuration: endpointSchema.nullable(),
		nodes: z.array(nodeEndpointSchema),
	}),
	shards: z.array(shardSchema),
	auth: z.object({ mode: authModeSchema, username: z.string().nullable() }),
	tags: z.record(z.string(), z.string()),
	description: z.string(),
	createdAt: z.string(),
	availableAt: z.string().nullable(),
});
export type Cache = z.infer<typeof cacheSchema>;

export const cacheSummarySchema = cacheSchema.omit({ shards: true, progress: true }).extend({
	nodeCount: z.number(),
	memoryUsedBytes: z.number().nullable().describe("on the primary"),
	memoryMaxBytes: z.number(),
	opsPerSecond: z.number().nullable().describe("sum over nodes"),
	hitRate: z.number().nullable().describe("0 to 1 over the last sample; null without reads"),
});
export type CacheSummary = z.infer<typeof cacheSummarySchema>;

export const cacheRefSchema = z.strictObject({ name: cacheNameSchema });

export const listCachesInputSchema = z.strictObject({
	limit: limitSchema,
	cursor: cursorSchema.optional(),
	search: z.string().max(100).optional().describe("part of a name or description"),
	status: cacheStatusSchema.optional(),
	engine: engineSchema.optional(),
});
export const cachePageSchema = pageOf(cacheSummarySchema).extend({ total: z.number() });

export const credentialsSchema = z.object({
	mode: authModeSchema,
	username: z.string().nullable(),
	password: z.string().nullable(),
});

export const cacheMetricsInputSchema = cacheRefSchema.extend({
	range: metricsRangeSchema.default("1h"),
});
