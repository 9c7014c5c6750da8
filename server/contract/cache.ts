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
import { zoneSchema } from "./host.ts";
import { LIMITS } from "./limits.ts";
import { metricsRangeSchema, nodeMetricsSchema } from "./metrics.ts";
import { nodeTypeNameSchema } from "./node-type.ts";
import { cursorSchema, limitSchema, pageOf } from "./pagination.ts";
import { parameterGroupNameSchema } from "./parameter-group.ts";
import { parseSlots, type SlotRange } from "./slots.ts";

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

const wholeNumber = (name: string, min: number, max: number) =>
	z
		.int(`${name} must be a whole number`)
		.min(min, `${name} must be ${min} to ${max}`)
		.max(max, `${name} must be ${min} to ${max}`);

const descriptionSchema = z
	.string()
	.max(LIMITS.descriptionMaxLength)
	.regex(noControlCharacters, "description cannot hold control characters");

const createCacheFields = z.strictObject({
	name: cacheNameSchema,
	kind: cacheKindSchema.default("provisioned"),
	engine: engineSchema.default("valkey"),
	engineVersion: engineVersionInputSchema
		.optional()
		.describe("newest available when absent; 9 means the newest 9.x"),
	nodeType: nodeTypeNameSchema.default("cache.t4g.micro"),
	clusterMode: clusterModeSchema
		.optional()
		.describe("what the parameter group says when absent, disabled without one"),
	shards: wholeNumber("shards", 1, LIMITS.shardsMax).optional().describe("1 when absent"),
	replicasPerShard: wholeNumber("replicasPerShard", 0, LIMITS.replicasPerShardMax)
		.optional()
		.describe("0 when absent"),
	slots: z
		.array(z.string().max(4_096))
		.max(LIMITS.shardsMax)
		.optional()
		.describe("of each shard, such as 0-5460; spread evenly when absent"),
	nodes: wholeNumber("nodes", 1, LIMITS.memcachedNodesMax)
		.optional()
		.describe("Memcached's, in place of shards and replicasPerShard; 1 when absent"),
	zones: z
		.array(zoneSchema)
		.min(1)
		.max(LIMITS.memcachedNodesMax)
		.optional()
		.describe("that nodes are placed in, by turns; all when absent"),
	multiAz: z.boolean().default(false),
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
			"of the primary or configuration endpoint; the lowest free one from 6379 up when absent, from 11211 up for Memcached",
		),
	parameterGroup: parameterGroupNameSchema
		.optional()
		.describe(
			"the family's default group when absent; one with cluster-enabled=yes turns cluster mode on",
		),
	deletionProtection: z.boolean().default(false).describe("refuses deletion while it is on"),
	tags: tagsSchema.default({}),
	description: descriptionSchema.default(""),
});

type Fields = z.output<typeof createCacheFields>;
interface Refusal {
	field: keyof Fields;
	message: string;
}

/** Choices that exclude each other, each with ElastiCache's reason. */
function refusals(value: Fields): Refusal[] {
	const refused: Refusal[] = [];
	const refuse = (field: keyof Fields, message: string) => refused.push({ field, message });
	if (value.engine === "memcached") {
		const alien = "is not for Memcached, which has neither shards nor replicas; use nodes";
		if (value.shards !== undefined) refuse("shards", `shards ${alien}`);
		if (value.replicasPerShard !== undefined)
			refuse("replicasPerShard", `replicasPerShard ${alien}`);
		if (value.slots !== undefined) refuse("slots", `slots ${alien}`);
		if (value.clusterMode === "enabled") {
			refuse("clusterMode", "Memcached has no cluster mode: its clients spread keys over nodes");
		}
		if (value.automaticFailover === true) {
			refuse("automaticFailover", "Memcached keeps no copies, so there is nothing to fail over to");
		}
		if (value.auth === "password") {
			refuse("auth", "Memcached caches take no password; leave auth out or set it to none");
		}
		if (value.multiAz && (value.nodes ?? 1) < 2) {
			refuse("multiAz", "nodes must be 2 or more to be spread over zones");
		}
		if (value.multiAz && value.zones !== undefined && new Set(value.zones).size < 2) {
			refuse("zones", "multiAz needs at least two different zones");
		}
		if ((value.zones?.length ?? 0) > (value.nodes ?? 1)) {
			refuse("zones", "zones can't be more than nodes");
		}
		return refused;
	}
	if (value.nodes !== undefined) {
		refuse("nodes", "nodes is for Memcached; use shards and replicasPerShard");
	}
	const shards = value.shards ?? 1;
	const replicas = value.replicasPerShard ?? 0;
	if (value.clusterMode === "disabled" && shards > 1) {
		refuse("shards", "shards must be 1 while clusterMode is disabled; set clusterMode to enabled");
	}
	if (value.clusterMode === "enabled" && value.automaticFailover === false) {
		refuse(
			"automaticFailover",
			"automaticFailover can't be off with cluster mode enabled: the shards vote on their own",
		);
	}
	// Without a clusterMode the parameter group may still turn it on: then the service looks again.
	const clusterModeOpen = value.clusterMode === undefined && value.parameterGroup !== undefined;
	if (value.clusterMode === undefined && shards > 1 && !clusterModeOpen) {
		refuse("shards", "shards must be 1 while clusterMode is disabled; set clusterMode to enabled");
	}
	if (
		value.automaticFailover === true &&
		replicas < 1 &&
		value.clusterMode !== "enabled" &&
		!clusterModeOpen
	) {
		refuse(
			"automaticFailover",
			"automaticFailover needs at least one replica; set replicasPerShard to 1 or more",
		);
	}
	if (value.multiAz && replicas < 1) {
		refuse("multiAz", "multiAz needs at least one replica; set replicasPerShard to 1 or more");
	}
	if (value.multiAz && value.automaticFailover === false) {
		refuse("automaticFailover", "multiAz needs automaticFailover; leave it out or set it to true");
	}
	if (value.multiAz && value.zones !== undefined && new Set(value.zones).size < 2) {
		refuse("zones", "multiAz needs at least two different zones");
	}
	if (value.slots !== undefined) {
		const problem =
			value.clusterMode === "disabled"
				? "slots need clusterMode enabled"
				: slotsProblem(value.slots, shards);
		if (problem !== null) refuse("slots", problem);
	}
	return refused;
}

/** Why these slots can't be what so many shards serve; null if they can. */
function slotsProblem(slots: readonly string[], shards: number): string | null {
	if (slots.length !== shards) {
		return `slots must name the slots of each of the ${shards} shards, and names ${slots.length}`;
	}
	const all: SlotRange[] = [];
	for (const [index, text] of slots.entries()) {
		const ranges = parseSlots(text);
		if (ranges === null) {
			return `slots of shard ${index + 1} must look like 0-5460 or 0-100,200-300, from 0 to ${LIMITS.clusterSlots - 1}`;
		}
		all.push(...ranges);
	}
	all.sort((a, b) => a.first - b.first);
	let next = 0;
	for (const { first, last } of all) {
		if (first > next) return `slots ${next} to ${first - 1} are given to no shard`;
		if (first < next) return `slot ${first} is given twice`;
		next = last + 1;
	}
	return next === LIMITS.clusterSlots
		? null
		: `slots ${next} to ${LIMITS.clusterSlots - 1} are given to no shard`;
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
		shards: value.shards ?? 1,
		replicasPerShard: value.replicasPerShard ?? 0,
		/** Null for engines with shards. */
		nodes: value.engine === "memcached" ? (value.nodes ?? 1) : null,
		auth: value.auth ?? (value.engine === "memcached" ? ("none" as const) : ("password" as const)),
	}));
/** What a caller may send. */
export type CreateCacheInput = z.input<typeof createCacheInputSchema>;
/** What is left once defaults are filled in that need no look at other records. */
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
	pendingParameters: z.array(z.string()).describe("that wait for a reboot of this node"),
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

/** The newest change of primaries. */
export const failoverSchema = z.object({
	at: z.string(),
	kind: z.enum(["planned", "unplanned"]),
	shard: z.string(),
	from: z.string().describe("member name of who led before"),
	to: z.string().describe("member name of who leads since"),
	by: z
		.enum(["control-plane", "engines"])
		.describe(
			"engines: Sentinels or the cluster's own vote, or a change that the control plane found",
		),
	cause: z.string(),
	writesUnavailableMs: z
		.number()
		.nullable()
		.describe(
			"from the failure as it was noticed, or the pause of writes; null when nobody measured it",
		),
});
export type Failover = z.infer<typeof failoverSchema>;

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
	shardCount: z.number().describe("1 without cluster mode"),
	replicasPerShard: z.number().describe("0 for Memcached"),
	nodeCount: z.number().describe("over all shards"),
	zones: z.array(z.string()).nullable().describe("that were asked for; null for any"),
	multiAz: z.boolean(),
	multiAzStatus: z
		.enum(["disabled", "enabled", "degraded"])
		.describe("degraded: a shard has all its nodes in one zone, or is about to"),
	multiAzReason: z.string().nullable().describe("why it is degraded, and what would mend it"),
	automaticFailover: z.boolean(),
	lastFailover: failoverSchema.nullable(),
	port: z.number().nullable(),
	endpoints: z.object({
		primary: endpointSchema.nullable(),
		reader: endpointSchema.nullable(),
		configuration: endpointSchema.nullable(),
		gateways: z
			.array(z.string())
			.describe("addresses of all hosts that serve the endpoints above, on the same ports"),
		nodes: z.array(nodeEndpointSchema),
	}),
	shards: z.array(shardSchema),
	auth: z.object({ mode: authModeSchema, username: z.string().nullable() }),
	parameterGroup: z.object({
		name: z.string(),
		status: z
			.enum(["in-sync", "applying", "pending-reboot"])
			.describe("pending-reboot: some values are taken only when nodes are rebooted"),
	}),
	deletionProtection: z.boolean(),
	hourlyCost: z.number().describe("of all nodes by the rate card, in its currency"),
	tags: z.record(z.string(), z.string()),
	description: z.string(),
	createdAt: z.string(),
	availableAt: z.string().nullable(),
});
export type Cache = z.infer<typeof cacheSchema>;

export const cacheSummarySchema = cacheSchema.omit({ shards: true, progress: true }).extend({
	memoryUsedBytes: z.number().nullable().describe("sum over primaries, over nodes for Memcached"),
	memoryMaxBytes: z.number().describe("sum over primaries, over nodes for Memcached"),
	opsPerSecond: z.number().nullable().describe("sum over nodes"),
	hitRate: z.number().nullable().describe("0 to 1 over the last sample; null without reads"),
});
export type CacheSummary = z.infer<typeof cacheSummarySchema>;

export const cacheRefSchema = z.strictObject({ name: cacheNameSchema });

export const modifyCacheInputSchema = z
	.strictObject({
		name: cacheNameSchema,
		description: descriptionSchema.optional(),
		tags: tagsSchema.optional().describe("replaces all tags"),
		deletionProtection: z.boolean().optional(),
		parameterGroup: parameterGroupNameSchema
			.optional()
			.describe("of the same family and cluster mode"),
	})
	.refine(
		({ name: _name, ...changes }) => Object.values(changes).some((value) => value !== undefined),
		"No modifications were requested: send description, tags, deletionProtection or parameterGroup",
	);
export type ModifyCacheInput = z.output<typeof modifyCacheInputSchema>;

export const rebootCacheInputSchema = z.strictObject({
	name: cacheNameSchema,
	nodes: z
		.array(z.string().min(1).max(80))
		.min(1)
		.max(500)
		.optional()
		.describe(
			"member names such as orders-001; all nodes when absent, one of each shard at a time",
		),
});

export const failoverCacheInputSchema = z.strictObject({
	name: cacheNameSchema,
	shard: z
		.string()
		.regex(/^\d{4}$/, "shard must look like 0001")
		.optional()
		.describe("needed where the cache has more than one"),
	node: z
		.string()
		.min(1)
		.max(80)
		.optional()
		.describe("member that is to lead, such as orders-002; the best replica in sync when absent"),
});

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
