import {
	type Cache,
	cacheMetricsInputSchema,
	cacheMetricsSchema,
	cacheNodesSchema,
	cachePageSchema,
	cacheRefSchema,
	cacheSchema,
	changePreviewSchema,
	createCacheInputSchema,
	creationPreviewSchema,
	credentialsSchema,
	deleteCacheInputSchema,
	failoverCacheInputSchema,
	listCachesInputSchema,
	listScalingInputSchema,
	modifyCacheInputSchema,
	previewSlotsInputSchema,
	rebalanceInputSchema,
	rebootCacheInputSchema,
	replayScalingInputSchema,
	scalingPageSchema,
	scalingReplaySchema,
	setSlotsInputSchema,
} from "../../../contract/index.ts";
import { cancelOperation } from "../../../services/caches/cancel-operation.ts";
import { createCache } from "../../../services/caches/create-cache.ts";
import { deleteCache } from "../../../services/caches/delete-cache.ts";
import { failoverCache } from "../../../services/caches/failover-cache.ts";
import { getCache } from "../../../services/caches/get-cache.ts";
import { getCacheMetrics } from "../../../services/caches/get-cache-metrics.ts";
import { getCredentials } from "../../../services/caches/get-credentials.ts";
import { listCaches } from "../../../services/caches/list-caches.ts";
import { listScaling } from "../../../services/caches/list-scaling.ts";
import { modifyCache } from "../../../services/caches/modify-cache.ts";
import {
	applyPendingChanges,
	dropPendingChanges,
} from "../../../services/caches/pending-changes.ts";
import { previewChange } from "../../../services/caches/preview-change.ts";
import { previewCreation } from "../../../services/caches/preview-creation.ts";
import { previewSlots } from "../../../services/caches/preview-slots.ts";
import { promoteReplica } from "../../../services/caches/promote-replica.ts";
import { rebootCache } from "../../../services/caches/reboot-cache.ts";
import { replayScaling } from "../../../services/caches/replay-scaling.ts";
import { rebalanceCache, setSlots } from "../../../services/caches/set-slots.ts";
import { requires, router } from "../trpc.ts";

export const caches = router({
	create: requires("cache:create")
		.meta({
			rest: {
				method: "POST",
				path: "/caches",
				status: 202,
				tag: "Caches",
				summary: "Create a cache",
				description:
					"Returns at once with the cache in status creating; poll it until it is available. Send an Idempotency-Key so that you can repeat the call safely.",
			},
		})
		.input(createCacheInputSchema)
		.output(cacheSchema)
		.mutation(({ ctx, input }) => createCache(ctx.resources, ctx.caller, input)),
	previewCreation: requires("cache:read")
		.meta({
			rest: {
				method: "POST",
				path: "/caches/preview",
				status: 200,
				tag: "Caches",
				summary: "Preview a new cache",
				description:
					"Takes the same body as a creation, but creates nothing. Returns what the cache would be, how its snapshot's cache was, and the problems that would block the creation.",
			},
		})
		.input(createCacheInputSchema)
		.output(creationPreviewSchema)
		.query(({ ctx, input }) => previewCreation(ctx.resources, input)),
	list: requires("cache:read")
		.meta({
			rest: { method: "GET", path: "/caches", status: 200, tag: "Caches", summary: "List caches" },
		})
		.input(listCachesInputSchema)
		.output(cachePageSchema)
		.query(({ ctx, input }) => listCaches(ctx.resources, input)),
	get: requires("cache:read")
		.meta({
			rest: {
				method: "GET",
				path: "/caches/{name}",
				status: 200,
				tag: "Caches",
				summary: "Get a cache",
				description:
					"For a serverless cache, the answer has no node type, shards and nodes: Larder decides them, and changes them with the load.",
			},
		})
		.input(cacheRefSchema)
		.output(cacheSchema)
		.query(({ ctx, input }) => getCache(ctx.resources, input)),
	nodes: requires("cache:read")
		.meta({
			rest: {
				method: "GET",
				path: "/caches/{name}/nodes",
				status: 200,
				tag: "Caches",
				summary: "Get the shards and nodes of a cache",
				description:
					"What Larder runs for a cache of any kind, for those who look after its hosts.",
			},
		})
		.input(cacheRefSchema)
		.output(cacheNodesSchema)
		.query(({ ctx, input }) => getCache(ctx.resources, input)),
	modify: requires("cache:modify")
		.meta({
			rest: {
				method: "PATCH",
				path: "/caches/{name}",
				status: 200,
				isPending: (cache) => (cache as Cache).status === "modifying",
				tag: "Caches",
				summary: "Change a cache",
				description:
					"Fields that you leave out don't change. Larder accepts changes to nodes (their number, type, engine, version, zone or host) with 202, and the cache is modifying until they are done. Until then, Larder refuses other changes to nodes with 409, unless they undo this one. A new engine or engineVersion needs acceptIrreversible. One request may combine several changes: Larder first changes nodes, then moves slots to the requested shards, then moves nodes; pendingChanges shows what follows. With apply: window, changes to nodes wait for the maintenance window, together with those that are already waiting. Larder applies a new parameter group to running nodes; values that need a restart stay pending until applyPending or a reboot, and the cache says so.",
			},
		})
		.input(modifyCacheInputSchema)
		.output(cacheSchema)
		.mutation(({ ctx, input }) => modifyCache(ctx.resources, ctx.caller, input)),
	preview: requires("cache:read")
		.meta({
			rest: {
				method: "POST",
				path: "/caches/{name}/preview",
				status: 200,
				tag: "Caches",
				summary: "Preview a change to a cache",
				description:
					"Takes the same body as a change, but changes nothing. Returns what the change would do now, and the problems that would block or delay it.",
			},
		})
		.input(modifyCacheInputSchema)
		.output(changePreviewSchema)
		.query(({ ctx, input }) => previewChange(ctx.resources, input)),
	setSlots: requires("cache:modify")
		.meta({
			rest: {
				method: "PUT",
				path: "/caches/{name}/slots",
				status: 202,
				tag: "Caches",
				summary: "Move slots between the shards of a cache",
				description:
					"Send the slots of each shard; together they must cover all 16384. Returns at once; the cache is modifying until the slots have moved with their keys, and keeps serving meanwhile.",
			},
		})
		.input(setSlotsInputSchema)
		.output(cacheSchema)
		.mutation(({ ctx, input }) => setSlots(ctx.resources, ctx.caller, input)),
	previewSlots: requires("cache:read")
		.meta({
			rest: {
				method: "POST",
				path: "/caches/{name}/slots/preview",
				status: 200,
				tag: "Caches",
				summary: "Preview a move of slots between the shards of a cache",
				description:
					"Takes the slots of each shard, or weightBy, or neither. Returns what setting or spreading the slots would do now, and the problems that would block it. Changes nothing.",
			},
		})
		.input(previewSlotsInputSchema)
		.output(changePreviewSchema)
		.query(({ ctx, input }) => previewSlots(ctx.resources, input)),
	rebalance: requires("cache:modify")
		.meta({
			rest: {
				method: "POST",
				path: "/caches/{name}/rebalance",
				status: 202,
				tag: "Caches",
				summary: "Spread the slots of a cache evenly over its shards",
				description:
					"Spreads slots by their number or, with weightBy: bytes, by the data that they hold. Moves as few slots as possible. Returns at once; the cache is modifying until they have moved.",
			},
		})
		.input(rebalanceInputSchema)
		.output(cacheSchema)
		.mutation(({ ctx, input }) => rebalanceCache(ctx.resources, ctx.caller, input)),
	cancelOperation: requires("cache:modify")
		.meta({
			rest: {
				method: "POST",
				path: "/caches/{name}/operation/cancel",
				status: 202,
				tag: "Caches",
				summary: "Cancel the change to a cache that is in progress",
				description:
					"Slots that have moved move back with their keys, new shards and nodes are removed, nodes return to their former type, and later parts of the change are dropped. Returns 409 once all slots have moved or a primary has changed its engine.",
			},
		})
		.input(cacheRefSchema)
		.output(cacheSchema)
		.mutation(({ ctx, input }) => cancelOperation(ctx.resources, ctx.caller, input)),
	applyPendingChanges: requires("cache:modify")
		.meta({
			rest: {
				method: "POST",
				path: "/caches/{name}/pending-changes/apply",
				status: 202,
				tag: "Caches",
				summary: "Start waiting changes now instead of in the maintenance window",
				description: "Returns 409 if nothing is waiting, or while another change is under way.",
			},
		})
		.input(cacheRefSchema)
		.output(cacheSchema)
		.mutation(({ ctx, input }) => applyPendingChanges(ctx.resources, ctx.caller, input)),
	dropPendingChanges: requires("cache:modify")
		.meta({
			rest: {
				method: "DELETE",
				path: "/caches/{name}/pending-changes",
				status: 200,
				tag: "Caches",
				summary: "Cancel changes that wait for the maintenance window",
				description: "Returns 409 if nothing is waiting.",
			},
		})
		.input(cacheRefSchema)
		.output(cacheSchema)
		.mutation(({ ctx, input }) => dropPendingChanges(ctx.resources, ctx.caller, input)),
	reboot: requires("cache:reboot")
		.meta({
			rest: {
				method: "POST",
				path: "/caches/{name}/reboot",
				status: 202,
				tag: "Caches",
				summary: "Reboot nodes of a cache",
				description:
					"Reboots all nodes unless you name some, one node per shard at a time. Returns at once; the cache is rebooting until the nodes are back. Memcached nodes come back empty.",
			},
		})
		.input(rebootCacheInputSchema)
		.output(cacheSchema)
		.mutation(({ ctx, input }) => rebootCache(ctx.resources, ctx.caller, input)),
	failover: requires("cache:failover")
		.meta({
			rest: {
				method: "POST",
				path: "/caches/{name}/failover",
				status: 202,
				tag: "Caches",
				summary: "Fail over from a serving primary to a replica",
				description:
					"Writes pause for a few milliseconds, and no write is lost. Returns at once; when the failover is done, the cache's lastFailover names the new primary. If it fails, an event says why.",
			},
		})
		.input(failoverCacheInputSchema)
		.output(cacheSchema)
		.mutation(({ ctx, input }) => failoverCache(ctx.resources, ctx.caller, input)),
	delete: requires("cache:delete")
		.meta({
			rest: {
				method: "DELETE",
				path: "/caches/{name}",
				status: 202,
				tag: "Caches",
				summary: "Delete a cache and its data",
				description:
					"Returns at once with status deleting; the cache is gone when GET returns 404. With finalSnapshot, Larder first takes a snapshot; if that fails, the cache stays, and an event says why.",
			},
		})
		.input(deleteCacheInputSchema)
		.output(cacheSchema)
		.mutation(({ ctx, input }) => deleteCache(ctx.resources, ctx.caller, input)),
	credentials: requires("cache:credentials")
		.meta({
			rest: {
				method: "GET",
				path: "/caches/{name}/credentials",
				status: 200,
				tag: "Caches",
				summary: "Reveal a cache's password",
				description: "The audit log records each call.",
			},
		})
		.input(cacheRefSchema)
		.output(credentialsSchema)
		.mutation(({ ctx, input }) => getCredentials(ctx.resources, ctx.caller, input)),
	metrics: requires("cache:read")
		.meta({
			rest: {
				method: "GET",
				path: "/caches/{name}/metrics",
				status: 200,
				tag: "Caches",
				summary: "Get a cache's metrics over a range",
			},
		})
		.input(cacheMetricsInputSchema)
		.output(cacheMetricsSchema)
		.query(({ ctx, input }) => getCacheMetrics(ctx.resources, input)),
	scaling: requires("cache:read")
		.meta({
			rest: {
				method: "GET",
				path: "/caches/{name}/scaling",
				status: 200,
				tag: "Caches",
				summary: "List how a serverless cache was scaled, and why",
				description: "Newest first. Empty for a provisioned cache, which only a request changes.",
			},
		})
		.input(listScalingInputSchema)
		.output(scalingPageSchema)
		.query(({ ctx, input }) => listScaling(ctx.resources, input)),
	replayScaling: requires("cache:read")
		.meta({
			rest: {
				method: "POST",
				path: "/caches/{name}/scaling/replay",
				status: 200,
				tag: "Caches",
				summary: "Replay the scaling policy over recorded samples",
				description:
					"Returns what the policy would have decided, from its smallest capacity on, with the cache's limits or with others. Assumes that hosts had room for everything. For a provisioned cache, it shows what a serverless one would have had. Changes nothing.",
			},
		})
		.input(replayScalingInputSchema)
		.output(scalingReplaySchema)
		.query(({ ctx, input }) => replayScaling(ctx.resources, input)),
	promote: requires("cache:modify")
		.meta({
			rest: {
				method: "POST",
				path: "/caches/{name}/promote",
				status: 202,
				tag: "Caches",
				summary: "Promote a replica after its primary has died",
				description:
					"For caches with automatic failover off. The cache's status says when a promotion is needed.",
			},
		})
		.input(cacheRefSchema)
		.output(cacheSchema)
		.mutation(({ ctx, input }) => promoteReplica(ctx.resources, ctx.caller, input)),
});
