import { z } from "zod";
import { cacheNameSchema, descriptionSchema, snapshotNameSchema, tagsSchema } from "./cache.ts";
import { memcachedRefusals, type Refusal, shardRefusals } from "./cache-shape.ts";
import { engineVersionInputSchema } from "./engine-version.ts";
import {
	authModeSchema,
	type ClusterMode,
	cacheKindSchema,
	clusterModeSchema,
	engineSchema,
} from "./enums.ts";
import { zoneSchema } from "./host.ts";
import { LIMITS } from "./limits.ts";
import { maintenanceWindowSchema } from "./maintenance-window.ts";
import { nodeTypeNameSchema } from "./node-type.ts";
import { parameterGroupNameSchema } from "./parameter-group.ts";
import { persistenceRefusal, persistenceSchema } from "./persistence.ts";
import {
	changeLimits,
	kindRefusals,
	MEMCACHED_NODES_MIN,
	memcachedServerlessRefusals,
	NO_LIMITS,
	SERVERLESS_NODE_TYPE,
	serverlessInputShape,
} from "./serverless.ts";
import { snapshotWindowSchema } from "./snapshot-window.ts";
import { wholeNumber } from "./whole-number.ts";

const createCacheFields = z.strictObject({
	name: cacheNameSchema,
	kind: cacheKindSchema
		.default("provisioned")
		.describe(
			"serverless: Larder sizes the cache by its load. It has neither nodeType, shards nor replicasPerShard, but limits",
		),
	engine: engineSchema.optional().describe("valkey when absent"),
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
	snapshot: snapshotNameSchema
		.optional()
		.describe(
			"the cache begins with this snapshot's data. What you leave out of engine, engineVersion, nodeType, clusterMode, shards, replicasPerShard, persistence and parameterGroup is as it was in the snapshot's cache",
		),
	snapshotRetentionDays: wholeNumber("snapshotRetentionDays", 0, LIMITS.snapshotRetentionDaysMax)
		.default(0)
		.describe("how long daily snapshots are kept; 0 for no daily snapshots"),
	snapshotWindow: snapshotWindowSchema
		.optional()
		.describe("when they are taken, daily and in UTC, such as 03:00-04:00; that hour if absent"),
	persistence: persistenceSchema
		.optional()
		.describe(
			"aof-everysec or aof-always: nodes write every change to disk, and load it when they start again. A power cut loses a second, or nothing. none if absent",
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
	const isOpen = value.parameterGroup === undefined && value.snapshot === undefined;
	const open = isOpen ? "disabled" : null;
	return shardRefusals(shape, value.clusterMode ?? open);
}

function memcachedSnapshotRefusals({ snapshot, snapshotRetentionDays }: CreateCacheFields) {
	const fields = [
		...(snapshot === undefined ? [] : (["snapshot"] as const)),
		...(snapshotRetentionDays === 0 ? [] : (["snapshotRetentionDays"] as const)),
	];
	return fields.map((field) => ({
		field,
		message: `${field} doesn't apply to Memcached, which has no command that saves its data. Leave it out`,
	}));
}

function refusals(value: CreateCacheFields): { field: keyof CreateCacheFields; message: string }[] {
	const volatile = persistenceRefusal(value.persistence, value);
	const misplaced = [
		...kindRefusals(value.kind, value, "create"),
		...(volatile === null ? [] : [{ field: "persistence" as const, message: volatile }]),
		...(value.engine === "memcached" ? memcachedSnapshotRefusals(value) : []),
	];
	if (value.kind === "provisioned") return [...misplaced, ...shapeRefusals(value)];
	return value.engine === "memcached"
		? [...misplaced, ...memcachedServerlessRefusals(value)]
		: misplaced;
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
		scaleToZero: undefined,
	};
}

/** Memcached has nodes without copies in place of shards, and two of them keep the endpoint open. */
function memcachedServerlessNodesOf({ limits }: CreateCacheFields) {
	return {
		nodeType: SERVERLESS_NODE_TYPE,
		clusterMode: "disabled" satisfies ClusterMode as ClusterMode,
		shards: 1,
		replicasPerShard: 0,
		nodes: MEMCACHED_NODES_MIN,
		multiAz: false,
		automaticFailover: false,
		protocol: null,
		limits: changeLimits(NO_LIMITS, limits ?? {}),
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

function shapeOf(value: CreateCacheFields) {
	if (value.kind === "provisioned") return nodesOf(value);
	return value.engine === "memcached"
		? memcachedServerlessNodesOf(value)
		: serverlessNodesOf(value);
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
		engine: value.engine ?? ("valkey" as const),
		persistence: value.persistence ?? ("none" as const),
		...shapeOf(value),
		/** What the request itself says: a snapshot decides the rest. */
		asked: {
			engine: value.engine,
			nodeType: value.nodeType,
			clusterMode: value.clusterMode,
			shards: value.shards,
			replicasPerShard: value.replicasPerShard,
			parameterGroup: value.parameterGroup,
			persistence: value.persistence,
		},
		auth: value.auth ?? (value.engine === "memcached" ? ("none" as const) : ("password" as const)),
	}));

/** What a caller may send. */
export type CreateCacheInput = z.input<typeof createCacheInputSchema>;

/** The input with all defaults that need no other records. */
export type CreateCacheSpec = z.output<typeof createCacheInputSchema>;
