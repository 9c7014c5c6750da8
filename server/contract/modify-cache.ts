import { z } from "zod";
import {
	cacheNameSchema,
	descriptionSchema,
	shardNameSchema,
	tagsSchema,
	weightBySchema,
} from "./cache.ts";
import { engineVersionInputSchema } from "./engine-version.ts";
import { clusterModeSchema, engineSchema } from "./enums.ts";
import { zoneSchema } from "./host.ts";
import { LIMITS } from "./limits.ts";
import { maintenanceWindowSchema } from "./maintenance-window.ts";
import { nodeTypeNameSchema } from "./node-type.ts";
import { parameterGroupNameSchema } from "./parameter-group.ts";
import { persistenceSchema } from "./persistence.ts";
import { serverlessInputShape } from "./serverless.ts";
import { snapshotWindowSchema } from "./snapshot-window.ts";
import { wholeNumber } from "./whole-number.ts";

export const modifyCacheInputSchema = z
	.strictObject({
		name: cacheNameSchema,
		description: descriptionSchema.optional(),
		tags: tagsSchema.optional().describe("replaces all tags"),
		deletionProtection: z.boolean().optional(),
		maintenanceWindow: maintenanceWindowSchema
			.optional()
			.describe("weekly, in UTC, 60 minutes to 24 hours, such as sun:05:00-sun:06:00"),
		snapshotRetentionDays: wholeNumber("snapshotRetentionDays", 0, LIMITS.snapshotRetentionDaysMax)
			.optional()
			.describe(
				"how long daily snapshots are kept, those that exist too; 0 ends daily snapshots and leaves what exists as it is",
			),
		snapshotWindow: snapshotWindowSchema
			.optional()
			.describe("daily, in UTC, an hour at least, such as 03:00-04:00"),
		persistence: persistenceSchema
			.optional()
			.describe("changes at once, without a restart; none deletes the files"),
		apply: z
			.enum(["now", "window"])
			.optional()
			.describe(
				"now if absent. window: changes to nodes wait for the maintenance window; description, tags, deletionProtection, persistence and maintenanceWindow change at once",
			),
		parameterGroup: parameterGroupNameSchema
			.optional()
			.describe(
				"of the cluster mode that the cache has or gets, and of the family of the engine's version",
			),
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
			.describe(
				"must be true with a change of the engine, its version, or its cluster mode: it can't be undone",
			),
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
			.describe(
				"enabled or compatible, for a provisioned cache with cluster mode disabled: all its nodes restart with their data while clients wait, and it has one shard until you ask for more. With one shard, clients that don't speak the cluster protocol go on working, which is what compatible says. There is no way back",
			),
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
		scaleToZero: serverlessInputShape.scaleToZero,
		protocol: serverlessInputShape.protocol.describe(
			"of a serverless Valkey or Redis OSS cache: cluster, for one that has standard. All its nodes restart with their data while clients wait; from then on clients must speak the cluster protocol. There is no way back",
		),
	})
	.refine(
		({ name: _name, apply: _apply, weightBy: _weightBy, ...changes }) =>
			Object.values(changes).some((value) => value !== undefined),
		"No modifications were requested: send the fields to change, such as description or replicasPerShard",
	);
export type ModifyCacheInput = z.output<typeof modifyCacheInputSchema>;
