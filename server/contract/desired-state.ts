import { z } from "zod";
import { agentProtocolSchema } from "./agent.ts";
import { engineSchema } from "./enums.ts";
import { hostAcceleratorsSchema } from "./host-accelerators.ts";
import { BUSY_TIMING, LIMITS } from "./limits.ts";
import { migrationOrderSchema } from "./migration.ts";
import { namesSchema } from "./names.ts";
import { persistenceSchema } from "./persistence.ts";
import { routeChangesSchema, routeTableSchema } from "./routes.ts";
import { restoreOrderSchema, snapshotOrderSchema } from "./snapshot.ts";
import { fileImportSchema } from "./transfer.ts";

export const clusterNodeIdSchema = z.string().regex(/^[0-9a-f]{40}$/);
const slotRangeSchema = z.object({ first: z.int32(), last: z.int32() });

/** A whole cluster (cluster mode enabled), as given to each of its nodes. */
export const clusterSchema = z.object({
	shards: z.array(
		z.object({
			slots: z.array(slotRangeSchema),
			/** The node that should be primary, by the engine's own node id. */
			primary: clusterNodeIdSchema,
			members: z.array(
				z.object({
					nodeId: clusterNodeIdSchema,
					host: z.string(),
					port: z.int32(),
					/** The address from which its host connects to others, unless the network translates addresses. */
					connectsFrom: z.string().optional(),
				}),
			),
		}),
	),
	/** Former members, which nodes must forget if they still know them. */
	former: z.array(clusterNodeIdSchema).max(1_000),
});
export type Cluster = z.infer<typeof clusterSchema>;

/** Slots that a primary hands to another shard's primary with their keys, while it owns any of them. */
export const slotMoveSchema = z.object({
	id: z.string().max(128),
	slots: z.array(slotRangeSchema).min(1),
	to: clusterNodeIdSchema,
});
export type SlotMove = z.infer<typeof slotMoveSchema>;

/** One setting of the engine. `live` settings are applied to a running engine, others at its next start. */
export const engineParameterSchema = z.object({
	name: z.string().max(128),
	value: z.string().max(4_096),
	live: z.boolean(),
});
export type EngineParameter = z.infer<typeof engineParameterSchema>;

/**
 * One engine process that the host should run.
 * `generation` rises with every change; an observation echoes the one it has converged to.
 *
 * `role` says how a process is started, and which primary a replica should follow. It never promotes a
 * running replica: only a failover order, a Sentinel or the cluster's own vote does. It demotes a running
 * primary, or points a replica at another primary, only once that other node says itself that it is primary.
 *
 * Starting: an instance that has never run is started at once. One that ran and exited is started again
 *   - by the agent alone, with back-off, when `onExit` is `restart`;
 *   - only when `launchPermit` passes the permit it was last started under, when `onExit` is `report`
 *     (a primary whose replicas may hold the data: the control plane decides who leads first).
 */
export const assignmentSchema = z.object({
	id: z.string(),
	generation: z.int32(),
	cacheId: z.string(),
	cacheName: z.string(),
	nodeName: z.string(),
	engine: engineSchema,
	engineVersion: z.string().describe("prefix: 9, 9.1 or 9.1.2; the newest that fits is run"),
	port: z.int32(),
	role: z.discriminatedUnion("kind", [
		z.object({ kind: z.literal("primary") }),
		z.object({ kind: z.literal("replica"), of: z.object({ host: z.string(), port: z.int32() }) }),
		z.object({ kind: z.literal("node") }), // Memcached
	]),
	detached: z
		.object({
			others: z
				.array(z.object({ host: z.string(), port: z.int32() }))
				.max(2 * (LIMITS.replicasPerShardMax + 1))
				.describe("the shard's other replicas, as far as they stay"),
		})
		.optional()
		.describe(
			"of a replica that is about to be removed: it ends its link to its primary, so that it acknowledges no more writes, and has converged once the others have all that it has acknowledged",
		),
	cluster: clusterSchema
		.extend({
			nodeId: clusterNodeIdSchema.describe("this node's own"),
			moves: z.array(slotMoveSchema).max(1_000).optional().describe("if it is a primary"),
		})
		.nullable()
		.describe("null with cluster mode disabled"),
	onExit: z.enum(["restart", "report"]),
	launchPermit: z.int32(),
	reboot: z
		.int32()
		.describe("rises with every reboot that is requested; the node's data survives it"),
	busyTimeoutMs: z
		.int32()
		.default(BUSY_TIMING.defaultSeconds * 1_000)
		.describe("how long it may work on one command without answering before it counts as hung"),
	maxmemoryBytes: z.int().describe("for data"),
	memoryBytes: z
		.int()
		.describe(
			"of the node type; a process may use this and, if it saves or syncs data, its maxmemory on top",
		),
	vcpus: z.int32().describe("of the node type: threads, and the limit of the process"),
	elastic: z
		.object({
			reportAboveBytes: z
				.int()
				.describe("once used_memory passes it, the agent alerts the control plane at once"),
			holdWritesAboveBytes: z
				.int()
				.nullable()
				.describe(
					"once used_memory passes it, the agent may hold clients' writes for a moment until maxmemory has grown, so that nothing is evicted or refused; null once the cache can't or mustn't grow",
				),
			ecpuPerSecond: z.int().nullable().describe("clients are throttled beyond it; null for never"),
			asleep: z
				.boolean()
				.optional()
				.describe(
					"the engine should end with its data kept, and not start until this is false. The agent refuses while it has clients",
				),
			becomesCluster: z
				.boolean()
				.optional()
				.describe(
					"with asleep: the cache changes to cluster mode, so the engine ends although it has clients, and its data must fit a cluster",
				),
			reportsClients: z
				.boolean()
				.optional()
				.describe(
					"it has been idle, and less memory is reserved for it than its maxmemory: the agent alerts the control plane at once when a client connects",
				),
		})
		.optional()
		.describe(
			"of a serverless cache's node, whose size follows the load, and of any cache's node that ends for a change to cluster mode",
		),
	proxy: z
		.object({
			nodes: z
				.array(z.object({ host: z.string().max(253), port: z.int32() }))
				.max(LIMITS.memcachedNodesMax)
				.describe(
					"nodes that share the keys, will or did; a node's place in the list decides which",
				),
			count: z.int().min(0).describe("how many of them, from the first, share the keys now"),
		})
		.optional()
		.describe("of a serverless Memcached node: it passes each request on to the key's node"),
	snapshot: snapshotOrderSchema
		.optional()
		.describe("the agent copies the engine's data once, and keeps nothing of it"),
	restore: restoreOrderSchema
		.optional()
		.describe(
			"of a primary: at every start, its engine loads this, and nothing else. It doesn't start without it",
		),
	migration: migrationOrderSchema
		.optional()
		.describe(
			"of a primary: its engine takes the place of another one. Its clients may only read until the phase is lead",
		),
	persistence: persistenceSchema
		.optional()
		.describe("absent for none: then the engine writes nothing, and its files are deleted"),
	parameters: z.array(engineParameterSchema).max(500),
	auth: z.object({
		clientPasswordSha256: z
			.string()
			.nullable()
			.describe("hex; null lets clients in without a password"),
		systemUsername: z.string(),
		systemPassword: z.string().describe("the agent's and the replicas' own user"),
		gatewayUsername: z.string(),
		gatewayPasswordSha256: z.string().describe("hex; may ask for role and health, nothing else"),
		sentinelUsername: z.string(),
		sentinelPasswordSha256: z.string().describe("hex; may do what a Sentinel needs, nothing else"),
	}),
});
export type Assignment = z.infer<typeof assignmentSchema>;

export const desiredStateSchema = z.object({
	revision: z.int32(),
	epoch: z
		.int32()
		.describe("rises with each control plane that takes over; older ones are refused"),
	hostId: z.string(),
	assignments: z.array(assignmentSchema),
	unlocated: z
		.array(z.string())
		.describe(
			"assignments of a control plane that was restored from a backup and asks where its nodes are: " +
				"an instance that this host has no trace of isn't started yet",
		),
	deleted: z
		.array(z.string())
		.describe(
			"assignments of caches that were deleted while this host was lost. They are removed like everything that isn't " +
				"assigned, even by a control plane that was restored from a backup: it knows that they were deleted",
		),
	/**
	 * All routes of the host, in the agent's file. Null in an answer to the agent: `routes` beside this state has the
	 * changes.
	 */
	routeTable: routeTableSchema.nullable(),
	accelerators: hostAcceleratorsSchema
		.optional()
		.describe("absent if the host has nothing to do with any"),
	imports: z
		.array(fileImportSchema)
		.max(1_000)
		.optional()
		.describe("files of this host that it should send to stores; absent for none"),
	names: namesSchema.nullable().optional(),
});
export type DesiredState = z.infer<typeof desiredStateSchema>;

const memberSchema = z.object({
	nodeId: z.string(),
	clusterNodeId: clusterNodeIdSchema,
	name: z.string(),
	host: z.string(),
	port: z.int32(),
});
export type FailoverMember = z.infer<typeof memberSchema>;

/**
 * Makes another node of a shard lead. Given to the host of the first candidate, whose agent carries it out: it reads the
 * roles and offsets of all candidates, and lets none lead if a member of the shard already does or a Sentinel is
 * failing it over.
 *
 *   planned    `from` is alive: it hands over to the first candidate without losing a write
 *   unplanned  `from` is dead or given up, or `silent` (then it must not answer the executing agent, and no
 *              candidate may have heard from it for two seconds), or `demoted` (then it must not say that it is
 *              primary): candidates drain, and of those that have synced the one with the best offset leads.
 *              `lost`: no node is known to hold the shard's data any more; if all candidates answer and none has
 *              synced, one leads as it is
 */
export const failoverOrderSchema = z.object({
	id: z.uuid(),
	cacheId: z.string(),
	cacheName: z.string(),
	kind: z.enum(["planned", "unplanned"]),
	clusterMode: z.enum(["disabled", "enabled"]),
	from: memberSchema,
	fromState: z.enum(["alive", "dead", "demoted", "lost", "silent"]),
	candidates: z.array(memberSchema).min(1).max(6).describe("the most likely first, on this host"),
	others: z
		.array(memberSchema)
		.default([])
		.describe(
			"the shard's other members: one may lead already; in a lost shard, one that has synced may lead",
		),
	receivers: z
		.array(memberSchema)
		.default([])
		.describe(
			"primaries to which the shard hands slots over: what they have is theirs, whatever a candidate has heard",
		),
	takeover: z
		.boolean()
		.describe("cluster mode: without a vote, because no majority of primaries is left"),
	sentinels: z
		.array(z.object({ host: z.string(), port: z.int32() }))
		.describe("that may be failing over by themselves"),
});
export type FailoverOrder = z.infer<typeof failoverOrderSchema>;

/**
 * Messages that can't wait for the desired state. Kept for a few seconds in the control plane's memory; safe
 * to repeat.
 */
export const noticeSchema = z.discriminatedUnion("kind", [
	z.object({ kind: z.literal("failover"), seq: z.int32(), order: failoverOrderSchema }),
	/** For the gateways that serve the cache: this node is primary now. Its route says so a moment later. */
	z.object({
		kind: z.literal("leader"),
		seq: z.int32(),
		cacheId: z.string(),
		nodeId: z.string(),
	}),
	/** For the host that carried out an order: every gateway in touch leads to the new primary now. */
	z.object({ kind: z.literal("endpoints-follow"), seq: z.int32(), orderId: z.uuid() }),
	/**
	 * A primary that doesn't answer and should be replaced: kill exactly this process, so that it can't come
	 * back to life. If it runs a script that has written nothing, kill only the script.
	 */
	z.object({
		kind: z.literal("end-hung"),
		seq: z.int32(),
		assignmentId: z.string(),
		pid: z.int32(),
	}),
]);
export type Notice = z.infer<typeof noticeSchema>;

export const watchInputSchema = z.strictObject({
	protocol: agentProtocolSchema,
	revision: z.int32().min(-1).describe("the newest held; -1 for none"),
	epoch: z.int32().min(-1),
	routeRevision: z.int32().min(-1).describe("of the routes that are held; -1 for none"),
	namesRevision: z
		.int32()
		.min(-1)
		.optional()
		.describe("of the names that are held; -1 for none, absent if the agent answers no DNS"),
	notice: z
		.int32()
		.min(-1)
		.describe("seq of the newest notice of that epoch that the agent has acted on; -1 for none"),
});
/**
 * `null` if nothing changed within the long poll. Notices don't wait for anything else.
 */
export const watchResultSchema = z
	.object({
		epoch: z.int32(),
		desired: desiredStateSchema.nullable(),
		notices: z.array(noticeSchema),
		routes: routeChangesSchema.nullish().describe("null if the agent holds the newest"),
		names: namesSchema
			.nullish()
			.describe(
				"what the agent answers over DNS; null without a zone, absent if it holds the newest",
			),
	})
	.nullable();
export type WatchResult = z.infer<typeof watchResultSchema>;
