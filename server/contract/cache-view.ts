import { z } from "zod";
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
import { nodeMetricsSchema } from "./metrics.ts";
import { endpointNamesSchema } from "./names.ts";
import { operationSchema } from "./operation.ts";
import { pageOf } from "./pagination.ts";
import { persistenceSchema } from "./persistence.ts";
import { serverlessViewShape } from "./serverless.ts";

export const endpointSchema = z.object({ host: z.string(), port: z.number() });
export type Endpoint = z.infer<typeof endpointSchema>;

export const nodeEndpointSchema = endpointSchema.extend({ node: z.string() });

export const cacheNodeSchema = z.object({
	id: z.string().describe("member name, such as orders-001"),
	role: nodeRoleSchema.nullable().describe("as the engine reports it; null while it isn't running"),
	zone: z.string(),
	host: z.string(),
	address: z.string(),
	port: z.number(),
	pid: z.number().nullable(),
	status: nodeStatusSchema,
	statusReason: z.string().nullable(),
	inSync: z.boolean(),
	pendingParameters: z
		.array(z.string())
		.describe("parameters that take effect when this node is rebooted"),
	move: z
		.object({ from: z.string(), to: z.string() })
		.nullable()
		.default(null)
		.describe(
			"the hosts, while a new process is about to replace this node's; null otherwise. Until then, host, port and the rest describe the process that serves",
		),
	clientLimit: z
		.object({ actual: z.number(), wanted: z.number() })
		.nullable()
		.describe(
			"how many clients it serves at a time, if the host's limit on open files allows fewer than requested",
		),
	metrics: nodeMetricsSchema.nullable().describe("newest sample"),
});
export type CacheNode = z.infer<typeof cacheNodeSchema>;

export const shardSchema = z.object({
	id: z.string(),
	slots: z.string().nullable(),
	replicas: z.number().default(0).describe("replicas that the shard should have; 0 for Memcached"),
	nodes: z.array(cacheNodeSchema),
});

export const progressStepSchema = z.object({
	step: z.string(),
	node: z
		.string()
		.nullable()
		.default(null)
		.describe("the node that the step is about; null for the whole cache"),
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
	from: z.string().describe("member name of the former primary"),
	to: z.string().describe("member name of the new primary; the same if the node moved"),
	fromHost: z.string().nullable().default(null),
	toHost: z.string().nullable().default(null),
	by: z
		.enum(["control-plane", "engines"])
		.describe(
			"engines: Sentinels or the cluster's own vote, or a change that the control plane noticed afterward",
		),
	cause: z.string(),
	writesUnavailableMs: z
		.number()
		.nullable()
		.describe(
			"from the detection of the failure, or from the pause of writes; null if not measured",
		),
});
export type Failover = z.infer<typeof failoverSchema>;

/** A change of nodes that waits, as it was requested. */
export const pendingChangeSchema = z.object({
	changes: z.record(z.string(), z.unknown()).describe("fields of the request, such as nodeType"),
	requestedAt: z.string(),
	requestedBy: z.string(),
	startsAt: z
		.string()
		.nullable()
		.describe(
			"when the maintenance window opens, or has opened; null for a change that follows the one under way",
		),
	problem: z.string().nullable().describe("why it couldn't start when it was last tried"),
});
export type PendingChange = z.infer<typeof pendingChangeSchema>;

export const cacheSchema = z.object({
	name: z.string(),
	kind: cacheKindSchema,
	engine: engineSchema,
	engineVersion: z
		.string()
		.describe("the full version once nodes run, the requested one before that"),
	status: cacheStatusSchema,
	statusReason: z.string().nullable(),
	progress: z
		.array(progressStepSchema)
		.describe("steps of its creation, of the newest reboot or change of size, or of its deletion"),
	operation: operationSchema
		.nullable()
		.default(null)
		.describe("the change to its nodes, shards or slots that is under way; null for none"),
	pendingChanges: z
		.object({
			next: pendingChangeSchema.nullable().describe("follows the change that is under way"),
			window: pendingChangeSchema.nullable().describe("waits for the maintenance window"),
		})
		.nullable()
		.default(null)
		.describe("changes that wait; null for none"),
	maintenanceWindow: z
		.string()
		.default("")
		.describe("weekly, in UTC, such as sun:05:00-sun:06:00; changes with apply window wait for it"),
	nodeType: z.string().describe("serverless for a serverless cache, which has none"),
	clusterMode: clusterModeSchema,
	shardCount: z.number().describe("1 without cluster mode"),
	replicasPerShard: z.number().describe("0 for Memcached"),
	nodeCount: z.number().describe("over all shards"),
	zones: z.array(z.string()).nullable().describe("the zones requested; null for any"),
	multiAz: z.boolean(),
	multiAzStatus: z
		.enum(["disabled", "enabled", "degraded"])
		.describe("degraded: all nodes of a shard are in one zone, or will be soon"),
	multiAzReason: z.string().nullable().describe("why Multi-AZ is degraded, and what restores it"),
	automaticFailover: z.boolean(),
	lastFailover: failoverSchema.nullable(),
	port: z.number().nullable(),
	endpoints: z.object({
		primary: endpointSchema.nullable(),
		reader: endpointSchema.nullable(),
		configuration: endpointSchema.nullable(),
		gateways: z
			.array(z.string())
			.describe("addresses of all hosts that serve these endpoints, on the same ports"),
		nodes: z.array(nodeEndpointSchema),
		names: endpointNamesSchema.nullable().default(null).describe("null without LARDER_DNS_ZONE"),
	}),
	shards: z.array(shardSchema),
	auth: z.object({ mode: authModeSchema, username: z.string().nullable() }),
	parameterGroup: z.object({
		name: z.string(),
		status: z
			.enum(["in-sync", "applying", "pending-reboot"])
			.describe("pending-reboot: some values take effect only when nodes are rebooted"),
	}),
	...serverlessViewShape,
	deletionProtection: z.boolean(),
	finalSnapshotRequired: z
		.boolean()
		.default(false)
		.describe(
			"whether it can only be deleted with finalSnapshot, or skipFinalSnapshot: deletion protection is on, or was within the last hour",
		),
	snapshotRetentionDays: z
		.number()
		.default(0)
		.describe("how long daily snapshots are kept; 0 for no daily snapshots"),
	snapshotWindow: z.string().default("03:00-04:00").describe("when they are taken, in UTC"),
	persistence: persistenceSchema
		.default("none")
		.describe("how often nodes make sure that every change is on disk; none for never"),
	hourlyCost: z
		.number()
		.nullable()
		.describe(
			"cost of all nodes according to the rate card, in its currency; null for a serverless cache, which costs what it uses",
		),
	tags: z.record(z.string(), z.string()),
	description: z.string(),
	createdAt: z.string(),
	availableAt: z.string().nullable(),
});
export type Cache = z.infer<typeof cacheSchema>;

export const cacheSummarySchema = cacheSchema.omit({ shards: true, progress: true }).extend({
	memoryUsedBytes: z.number().nullable().describe("sum over primaries, over nodes for Memcached"),
	memoryMaxBytes: z.number().describe("sum over primaries, over nodes for Memcached"),
	opsPerSecond: z
		.number()
		.nullable()
		.describe("client requests to all nodes, over the last sample"),
	hitRate: z.number().nullable().describe("0 to 1 over the last sample; null without reads"),
});
export type CacheSummary = z.infer<typeof cacheSummarySchema>;

const previewNodeSchema = z.object({
	node: z.string().nullable().describe("member name; null for a node that doesn't exist yet"),
	role: nodeRoleSchema,
	zone: z.string(),
	host: z.string(),
	change: z
		.enum(["none", "added", "removed", "moved", "changed"])
		.describe("changed: it gets another node type or engine on the same host"),
	from: z.string().nullable().describe("the host that it leaves; null unless it moves"),
});
export type PreviewNode = z.infer<typeof previewNodeSchema>;

const previewShardSchema = z.object({
	id: z.string(),
	change: z.enum(["none", "added", "removed"]),
	slotsBefore: z.string().nullable(),
	slots: z.string().nullable().describe("after the change; null with cluster mode disabled"),
	nodes: z.array(previewNodeSchema),
});
export type PreviewShard = z.infer<typeof previewShardSchema>;

/** What a change would do, if it were requested now. */
export const changePreviewSchema = z.object({
	topology: z
		.array(previewShardSchema)
		.default([])
		.describe("the shards as they will be, and the shards and nodes that will be removed"),
	steps: z.array(z.string()).describe("sentences, in the order in which Larder carries them out"),
	restarts: z.array(z.string()).describe("member names of nodes that restart"),
	failovers: z.array(z.string()).describe("shards that fail over, such as 0001"),
	memoryBytes: z
		.object({ before: z.number(), after: z.number() })
		.describe("host memory that the cache's nodes take up"),
	hourlyCost: z
		.object({ before: z.number(), after: z.number() })
		.nullable()
		.describe(
			"of all nodes according to the rate card, in its currency; null for a serverless cache, which costs what it uses",
		),
	expectedSeconds: z
		.number()
		.default(0)
		.describe(
			"about how long it takes, estimated from what the nodes hold now and from measured speeds",
		),
	irreversible: z.boolean().describe("true if the change can't be undone: send acceptIrreversible"),
	problems: z
		.array(z.object({ field: z.string(), message: z.string() }))
		.describe("why Larder would refuse the change, or why it would have to wait"),
});
export type ChangePreview = z.infer<typeof changePreviewSchema>;

export const cachePageSchema = pageOf(cacheSummarySchema).extend({ total: z.number() });

export const credentialsSchema = z.object({
	mode: authModeSchema,
	username: z.string().nullable(),
	password: z.string().nullable(),
	replication: z
		.object({ username: z.string(), password: z.string() })
		.nullable()
		.default(null)
		.describe(
			"with which an engine outside Larder can replicate from a node of this cache; it may copy all data, and nothing else. Null for Memcached and serverless caches",
		),
});
