import {
	cacheMetricsInputSchema,
	cacheMetricsSchema,
	cachePageSchema,
	cacheRefSchema,
	cacheSchema,
	createCacheInputSchema,
	credentialsSchema,
	failoverCacheInputSchema,
	listCachesInputSchema,
	modifyCacheInputSchema,
	rebootCacheInputSchema,
} from "../../../contract/index.ts";
import { createCache } from "../../../services/caches/create-cache.ts";
import { deleteCache } from "../../../services/caches/delete-cache.ts";
import { failoverCache } from "../../../services/caches/failover-cache.ts";
import { getCache } from "../../../services/caches/get-cache.ts";
import { getCacheMetrics } from "../../../services/caches/get-cache-metrics.ts";
import { getCredentials } from "../../../services/caches/get-credentials.ts";
import { listCaches } from "../../../services/caches/list-caches.ts";
import { modifyCache } from "../../../services/caches/modify-cache.ts";
import { promoteReplica } from "../../../services/caches/promote-replica.ts";
import { rebootCache } from "../../../services/caches/reboot-cache.ts";
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
					"Answers at once with the cache in status creating; get it until it is available. Send an Idempotency-Key to be able to repeat the call.",
			},
		})
		.input(createCacheInputSchema)
		.output(cacheSchema)
		.mutation(({ ctx, input }) => createCache(ctx.resources, ctx.caller, input)),
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
			},
		})
		.input(cacheRefSchema)
		.output(cacheSchema)
		.query(({ ctx, input }) => getCache(ctx.resources, input)),
	modify: requires("cache:modify")
		.meta({
			rest: {
				method: "PATCH",
				path: "/caches/{name}",
				status: 200,
				tag: "Caches",
				summary: "Change a cache",
				description:
					"What is left out stays as it is. Values of a new parameter group are applied to running nodes; those that need a reboot wait for it, and the cache says so.",
			},
		})
		.input(modifyCacheInputSchema)
		.output(cacheSchema)
		.mutation(({ ctx, input }) => modifyCache(ctx.resources, ctx.caller, input)),
	reboot: requires("cache:reboot")
		.meta({
			rest: {
				method: "POST",
				path: "/caches/{name}/reboot",
				status: 202,
				tag: "Caches",
				summary: "Reboot nodes of a cache",
				description:
					"All nodes unless some are named, one of each shard at a time. Answers at once; the cache is modifying until they are back. Memcached nodes come back empty.",
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
				summary: "Let a replica take over from a primary that serves",
				description:
					"Writes pause for some milliseconds and none is lost. Answers at once; lastFailover of the cache tells who leads once it is done, and an event when it couldn't be done.",
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
					"Answers at once with status deleting; the cache is gone when getting it is 404.",
			},
		})
		.input(cacheRefSchema)
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
				description: "Each call is written to the audit log.",
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
	promote: requires("cache:modify")
		.meta({
			rest: {
				method: "POST",
				path: "/caches/{name}/promote",
				status: 202,
				tag: "Caches",
				summary: "Let a replica take over from a dead primary",
				description: "For caches with automatic failover off, whose status says so.",
			},
		})
		.input(cacheRefSchema)
		.output(cacheSchema)
		.mutation(({ ctx, input }) => promoteReplica(ctx.resources, ctx.caller, input)),
});
