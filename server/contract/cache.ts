import { z } from "zod";
import { memcachedRefusals, type Refusal, shardRefusals } from "./cache-shape.ts";
import { CACHE_SORTS } from "./choices.ts";
import { engineVersionInputSchema } from "./engine-version.ts";
import {
	authModeSchema,
	cacheKindSchema,
	cacheStatusSchema,
	clusterModeSchema,
	engineSchema,
} from "./enums.ts";
import { zoneSchema } from "./host.ts";
import { instantSchema } from "./instant.ts";
import { LIMITS } from "./limits.ts";
import { maintenanceWindowSchema } from "./maintenance-window.ts";
import { metricsRangeSchema } from "./metrics.ts";
import { nodeTypeNameSchema } from "./node-type.ts";
import { cursorSchema, limitSchema } from "./pagination.ts";
import { parameterGroupNameSchema } from "./parameter-group.ts";
import {
	changeLimits,
	kindRefusals,
	limitsInputSchema,
	NO_LIMITS,
	SERVERLESS_NODE_TYPE,
	serverlessInputShape,
} from "./serverless.ts";
import { wholeNumber } from "./whole-number.ts";

/** ElastiCache's rule for identifiers; names are stored in lower case. */
export const cacheNameSchema = z
	.string("name is required")
	.min(1, "name is required")
	.max(LIMITS.nameMaxLength, `name can have at most ${LIMITS.nameMaxLength} characters`)
	.regex(/^[A-Za-z]/, "name must begin with a letter")
	.regex(/^[A-Za-z0-9-]*$/, "name can hold only letters, digits and hyphens")
	.regex(/^(?!.*--)/s, "name can't contain two hyphens in a row")
	.regex(/[^-]$/, "name can't end with a hyphen")
	.transform((name) => name.toLowerCase());

const noControlCharacters = /^[^\p{Cc}]*$/u;

export const tagsSchema = z
	.record(
		z
			.string()
			.min(1, "a tag key can't be empty")
			.max(
				LIMITS.tagKeyMaxLength,
				`a tag key can have at most ${LIMITS.tagKeyMaxLength} characters`,
			)
			.regex(noControlCharacters, "a tag key can't contain control characters"),
		z
			.string()
			.max(
				LIMITS.tagValueMaxLength,
				`a tag value can have at most ${LIMITS.tagValueMaxLength} characters`,
			)
			.regex(noControlCharacters, "a tag value can't contain control characters"),
	)
	.refine(
		(tags) => Object.keys(tags).length <= LIMITS.tagsMax,
		`a cache can have at most ${LIMITS.tagsMax} tags`,
	);

const descriptionSchema = z
	.string()
	.max(
		LIMITS.descriptionMaxLength,
		`description can have at most ${LIMITS.descriptionMaxLength} characters`,
	)
	.regex(noControlCharacters, "description can't contain control characters");

const createCacheFields = z.strictObject({
	name: cacheNameSchema,
	kind: cacheKindSchema
		.default("provisioned")
		.describe(
			"serverless: Larder sizes the cache by its load. It has neither nodeType, shards nor replicasPerShard, but limits",
		),
	engine: engineSchema.default("valkey"),
	engineVersion: engineVersionInputSchema
		.optional()
		.describe("if absent, the newest available; 9 means the newest 9.x"),
	nodeType: nodeTypeNameSchema.optional().describe("cache.t4g.micro when absent"),
	clusterMode: clusterModeSchema
		.optional()
		.describe("if absent, what the parameter group says, else disabled"),
	shards: wholeNumber("shards", 1, LIMITS.shardsMax).optional().describe("1 when absent"),
	replicasPerShard: wholeNumber("replicasPerShard", 0, LIMITS.replicasPerShardMax)
		.optional()
		.describe("0 when absent"),
	slots: z
		.array(z.string().max(4_096))
		.max(LIMITS.shardsMax)
		.optional()
		.describe("slots of each shard, such as 0-5460; if absent, spread evenly"),
	nodes: wholeNumber("nodes", 1, LIMITS.memcachedNodesMax)
		.optional()
		.describe("for Memcached, instead of shards and replicasPerShard; if absent, 1"),
	zones: z
		.array(zoneSchema)
		.min(1)
		.max(LIMITS.memcachedNodesMax)
		.optional()
		.describe("zones to place nodes in, in turn; if absent, all"),
	multiAz: z.boolean().optional().describe("false when absent"),
	automaticFailover: z
		.boolean()
		.optional()
		.describe("on by default when there is a replica to fail over to; always on in cluster mode"),
	auth: authModeSchema
		.optional()
		.describe("password when absent; Memcached has no users, so there it is none"),
	port: wholeNumber("port", LIMITS.portMin, LIMITS.portMax)
		.optional()
		.describe(
			"port of the primary or configuration endpoint; if absent, the lowest free one from 6379, or from 11211 for Memcached",
		),
	parameterGroup: parameterGroupNameSchema
		.optional()
		.describe(
			"the family's default group when absent; one with cluster-enabled=yes turns cluster mode on",
		),
	deletionProtection: z
		.boolean()
		.default(false)
		.describe("while on, Larder refuses to delete the cache"),
	maintenanceWindow: maintenanceWindowSchema
		.optional()
		.describe(
			"weekly, in UTC, such as sun:05:00-sun:06:00; if absent, Larder chooses an hour at night",
		),
	tags: tagsSchema.default({}),
	description: descriptionSchema.default(""),
	...serverlessInputShape,
});
type CreateCacheFields = z.output<typeof createCacheFields>;

const DEFAULT_NODE_TYPE = "cache.t4g.micro";

/** Without a clusterMode, a parameter group decides it: then the service checks what depends on it. */
function shapeRefusals(value: CreateCacheFields): Refusal[] {
	const shape = { ...value, multiAz: value.multiAz ?? false };
	if (value.engine === "memcached") return memcachedRefusals(shape);
	const open = value.parameterGroup === undefined ? "disabled" : null;
	return shardRefusals(shape, value.clusterMode ?? open);
}

function refusals(value: CreateCacheFields): { field: keyof CreateCacheFields; message: string }[] {
	if (value.kind === "serverless" && value.engine === "memcached") {
		const message =
			"A serverless cache runs valkey or redis. For Memcached, leave kind out and choose a nodeType and nodes";
		return [{ field: "engine", message }];
	}
	const misplaced = kindRefusals(value.kind, value, "create");
	return value.kind === "serverless" ? misplaced : [...misplaced, ...shapeRefusals(value)];
}

/** What a request says about nodes, with all defaults that need no other records. */
function nodesOf(value: CreateCacheFields) {
	return {
		nodeType: value.nodeType ?? DEFAULT_NODE_TYPE,
		shards: value.shards ?? 1,
		replicasPerShard: value.replicasPerShard ?? 0,
		/** Null for engines with shards. */
		nodes: value.engine === "memcached" ? (value.nodes ?? 1) : null,
		multiAz: value.multiAz ?? false,
		protocol: null,
		limits: null,
		evictionPolicy: null,
	};
}

/** A serverless cache begins as one shard with a replica. The service spreads them over zones, where there are several. */
function serverlessNodesOf({ protocol, limits, evictionPolicy }: CreateCacheFields) {
	return {
		nodeType: SERVERLESS_NODE_TYPE,
		clusterMode: protocol === "standard" ? ("disabled" as const) : ("enabled" as const),
		shards: 1,
		replicasPerShard: 1,
		nodes: null,
		multiAz: false,
		automaticFailover: true,
		protocol: protocol ?? ("cluster" as const),
		limits: changeLimits(NO_LIMITS, limits ?? {}),
		evictionPolicy: evictionPolicy ?? ("volatile-lru" as const),
	};
}

/** The one schema of a create request: console form, tRPC, REST and CLI all parse with it. */
export const createCacheInputSchema = createCacheFields
	.check((ctx) => {
		for (const { field, message } of refusals(ctx.value)) {
			ctx.issues.push({ code: "custom", path: [field], message, input: ctx.value[field] });
		}
	})
	.transform((value) => ({
		...value,
		...(value.kind === "serverless" ? serverlessNodesOf(value) : nodesOf(value)),
		auth: value.auth ?? (value.engine === "memcached" ? ("none" as const) : ("password" as const)),
	}));

/** What a caller may send. */
export type CreateCacheInput = z.input<typeof createCacheInputSchema>;

/** The input with all defaults that need no other records. */
export type CreateCacheSpec = z.output<typeof createCacheInputSchema>;

export const cacheRefSchema = z.strictObject({ name: cacheNameSchema });

/** How slots are spread over shards. */
const weightBySchema = z.enum(["slots", "bytes"]);
export type WeightBy = z.infer<typeof weightBySchema>;

const shardNameSchema = z.string().regex(/^\d{4}$/, "shard must look like 0001");

export const modifyCacheInputSchema = z
	.strictObject({
		name: cacheNameSchema,
		description: descriptionSchema.optional(),
		tags: tagsSchema.optional().describe("replaces all tags"),
		deletionProtection: z.boolean().optional(),
		maintenanceWindow: maintenanceWindowSchema
			.optional()
			.describe("weekly, in UTC, 60 minutes to 24 hours, such as sun:05:00-sun:06:00"),
		apply: z
			.enum(["now", "window"])
			.optional()
			.describe(
				"now if absent. window: changes to nodes wait for the maintenance window; description, tags, deletionProtection and maintenanceWindow change at once",
			),
		parameterGroup: parameterGroupNameSchema
			.optional()
			.describe("of the same cluster mode, and of the family of the engine's version"),
		applyPending: z
			.boolean()
			.optional()
			.describe(
				"true restarts the nodes that have pending parameters, one of each shard at a time: replicas first, then the primary, after a failover",
			),
		nodeType: nodeTypeNameSchema
			.optional()
			.describe("changes in place where hosts have room, otherwise by moving nodes"),
		engine: engineSchema
			.optional()
			.describe("valkey, for a Redis cache; no other engine change is possible"),
		engineVersion: engineVersionInputSchema
			.optional()
			.describe(
				"must be later than the current version; Larder upgrades node by node and can't undo the upgrade",
			),
		acceptIrreversible: z
			.boolean()
			.optional()
			.describe("must be true with a change of the engine or its version: it can't be undone"),
		moves: z
			.array(
				z
					.strictObject({
						node: z.string().min(1).max(80).describe("member name, such as orders-002"),
						host: z.string().min(1).max(64).optional(),
						zone: zoneSchema.optional(),
					})
					.refine(
						({ host, zone }) => (host === undefined) !== (zone === undefined),
						"a move needs either a host or a zone",
					),
			)
			.min(1)
			.max(100)
			.optional()
			.describe(
				"nodes to move to a host, or to any host in a zone; naming a node's current host cancels its move",
			),
		replicasPerShard: wholeNumber("replicasPerShard", 0, LIMITS.replicasPerShardMax)
			.optional()
			.describe("replicas of every shard; the cache is modifying until all shards have them"),
		shardReplicas: z
			.array(
				z.strictObject({
					shard: shardNameSchema,
					replicas: wholeNumber("replicas", 0, LIMITS.replicasPerShardMax),
				}),
			)
			.min(1)
			.max(LIMITS.shardsMax)
			.optional()
			.describe("replicas of individual shards, for a cache whose shards need different numbers"),
		removeNodes: z
			.array(z.string().min(1).max(80))
			.min(1)
			.max(LIMITS.shardsMax)
			.optional()
			.describe(
				"member names of replicas or Memcached nodes that leave, such as orders-003; unless the request also gives a new number, their shards then have that many fewer",
			),
		nodes: wholeNumber("nodes", 1, LIMITS.memcachedNodesMax)
			.optional()
			.describe("for Memcached, instead of replicasPerShard"),
		shards: wholeNumber("shards", 1, LIMITS.shardsMax)
			.optional()
			.describe("with cluster mode: slots move with their keys until they are spread evenly"),
		clusterMode: z
			.enum([...clusterModeSchema.options, "compatible"])
			.optional()
			.describe("must be the current mode: engines can't change it while they serve"),
		weightBy: weightBySchema
			.optional()
			.describe(
				"with shards: spread slots by their number, or by the data that they hold; slots if absent",
			),
		zones: z
			.array(zoneSchema)
			.min(1)
			.max(LIMITS.memcachedNodesMax)
			.nullable()
			.optional()
			.describe("nodes in other zones move into these; null lets them be in any"),
		multiAz: z.boolean().optional(),
		automaticFailover: z.boolean().optional(),
		limits: serverlessInputShape.limits.describe(
			"of a serverless cache; limits that you leave out don't change, and 0 removes one",
		),
		evictionPolicy: serverlessInputShape.evictionPolicy,
		protocol: serverlessInputShape.protocol.describe(
			"of a serverless cache; must be the current one: engines can't change it while they serve",
		),
	})
	.refine(
		({ name: _name, apply: _apply, weightBy: _weightBy, ...changes }) =>
			Object.values(changes).some((value) => value !== undefined),
		"No modifications were requested: send the fields to change, such as description or replicasPerShard",
	);
export type ModifyCacheInput = z.output<typeof modifyCacheInputSchema>;

export const rebalanceInputSchema = cacheRefSchema.extend({
	weightBy: weightBySchema
		.optional()
		.describe(
			"slots: all shards get equally many; bytes: all hold about the same amount of data, assuming that the slots of a shard hold equal amounts",
		),
});
export type RebalanceInput = z.output<typeof rebalanceInputSchema>;

export const setSlotsInputSchema = z.strictObject({
	name: cacheNameSchema,
	slots: z
		.array(z.string().max(4_096))
		.min(1)
		.max(LIMITS.shardsMax)
		.describe("of each shard in order, such as 0-5460 or 0-100,200-300; together all of them"),
});
export type SetSlotsInput = z.output<typeof setSlotsInputSchema>;

export const previewSlotsInputSchema = rebalanceInputSchema
	.extend({
		slots: setSlotsInputSchema.shape.slots
			.optional()
			.describe(
				"of each shard in order, such as 0-5460 or 0-100,200-300; if absent, spread evenly",
			),
	})
	.refine(({ slots, weightBy }) => slots === undefined || weightBy === undefined, {
		path: ["weightBy"],
		message: "weightBy is for slots that are spread evenly; leave out slots or weightBy",
	});
export type PreviewSlotsInput = z.output<typeof previewSlotsInputSchema>;

export const rebootCacheInputSchema = z.strictObject({
	name: cacheNameSchema,
	nodes: z
		.array(z.string().min(1).max(80))
		.min(1)
		.max(500)
		.optional()
		.describe("member names such as orders-001; if absent, all nodes, one per shard at a time"),
});

export const failoverCacheInputSchema = z.strictObject({
	name: cacheNameSchema,
	shard: shardNameSchema.optional().describe("required if the cache has more than one"),
	node: z
		.string()
		.min(1)
		.max(80)
		.optional()
		.describe("the new primary, such as orders-002; if absent, the best replica in sync"),
});

export const cacheSortSchema = z.enum(CACHE_SORTS);
export type CacheSort = z.infer<typeof cacheSortSchema>;

export const listCachesInputSchema = z.strictObject({
	limit: limitSchema,
	cursor: cursorSchema.optional(),
	search: z.string().max(100).optional().describe("part of a name or description"),
	status: cacheStatusSchema.optional(),
	kind: cacheKindSchema.optional(),
	engine: engineSchema.optional(),
	sort: cacheSortSchema
		.default("-created")
		.describe("a leading minus reverses the order; a cursor keeps it"),
});

export const cacheMetricsInputSchema = cacheRefSchema.extend({
	range: metricsRangeSchema.default("1h"),
	since: instantSchema
		.optional()
		.describe("only samples from this time on, for a client that already has the earlier ones"),
});

export const listScalingInputSchema = cacheRefSchema.extend({
	limit: limitSchema,
	cursor: cursorSchema.optional(),
});

export const replayScalingInputSchema = cacheRefSchema.extend({
	range: metricsRangeSchema.default("24h"),
	limits: limitsInputSchema
		.optional()
		.describe("other limits to assume; those that you leave out are the cache's own"),
});
