import { z } from "zod";
import {
	cacheMetricsInputSchema,
	cacheMetricsSchema,
	cachePageSchema,
	cacheRefSchema,
	cacheSchema,
	createAdministratorInputSchema,
	createCacheInputSchema,
	createdTokenSchema,
	createJoinTokenInputSchema,
	createTokenInputSchema,
	credentialsSchema,
	engineVersionSchema,
	eventPageSchema,
	hostPageSchema,
	joinTokenSchema,
	listCachesInputSchema,
	listEventsInputSchema,
	listHostsInputSchema,
	listTokensInputSchema,
	meSchema,
	nodeTypeSchema,
	overviewSchema,
	setupStatusSchema,
	tokenPageSchema,
	tokenRefSchema,
} from "../../contract/index.ts";
import { listNodeTypes } from "../../domain/engines/node-memory.ts";
import { createToken, listTokens, revokeToken } from "../../services/access/tokens.ts";
import { createCache } from "../../services/caches/create-cache.ts";
import { deleteCache } from "../../services/caches/delete-cache.ts";
import { getCache } from "../../services/caches/get-cache.ts";
import { getCacheMetrics } from "../../services/caches/get-cache-metrics.ts";
import { getCredentials } from "../../services/caches/get-credentials.ts";
import { listCaches } from "../../services/caches/list-caches.ts";
import { promoteReplica } from "../../services/caches/promote-replica.ts";
import { availableEngineVersions } from "../../services/engine-versions.ts";
import { getOverview } from "../../services/get-overview.ts";
import { createJoinToken } from "../../services/hosts/create-join-token.ts";
import { listHosts } from "../../services/hosts/list-hosts.ts";
import { listEvents } from "../../services/list-events.ts";
import { publicProcedure, requires, router } from "./trpc.ts";

const emptyInput = z.strictObject({}).prefault({});

const caches = router({
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

const hosts = router({
	list: requires("host:read")
		.meta({
			rest: { method: "GET", path: "/hosts", status: 200, tag: "Hosts", summary: "List hosts" },
		})
		.input(listHostsInputSchema)
		.output(hostPageSchema)
		.query(({ ctx, input }) => listHosts(ctx.resources, input)),
	createJoinToken: requires("host:join")
		.meta({
			rest: {
				method: "POST",
				path: "/hosts/join-tokens",
				status: 201,
				tag: "Hosts",
				summary: "Create a token that lets hosts join",
			},
		})
		.input(createJoinTokenInputSchema)
		.output(joinTokenSchema)
		.mutation(({ ctx, input }) => createJoinToken(ctx.resources, ctx.caller, input, ctx.origin)),
});

const events = router({
	list: requires("event:read")
		.meta({
			rest: { method: "GET", path: "/events", status: 200, tag: "Events", summary: "List events" },
		})
		.input(listEventsInputSchema)
		.output(eventPageSchema)
		.query(({ ctx, input }) => listEvents(ctx.resources, input)),
});

const nodeTypes = router({
	list: requires("cache:read")
		.meta({
			rest: {
				method: "GET",
				path: "/node-types",
				status: 200,
				tag: "Catalogue",
				summary: "List node types",
			},
		})
		.input(emptyInput)
		.output(z.object({ items: z.array(nodeTypeSchema), nextCursor: z.null() }))
		.query(() => ({ items: listNodeTypes(), nextCursor: null })),
});

const engineVersions = router({
	list: requires("cache:read")
		.meta({
			rest: {
				method: "GET",
				path: "/engine-versions",
				status: 200,
				tag: "Catalogue",
				summary: "List the engine versions that hosts have",
			},
		})
		.input(emptyInput)
		.output(z.object({ items: z.array(engineVersionSchema), nextCursor: z.null() }))
		.query(async ({ ctx }) => ({
			items: await availableEngineVersions(ctx.resources.db),
			nextCursor: null,
		})),
});

const tokens = router({
	create: requires("token:manage")
		.meta({
			rest: {
				method: "POST",
				path: "/tokens",
				status: 201,
				tag: "Tokens",
				summary: "Create an API token",
				description: "The token itself is in this answer and never shown again.",
			},
		})
		.input(createTokenInputSchema)
		.output(createdTokenSchema)
		.mutation(({ ctx, input }) => createToken(ctx.resources, ctx.caller, input)),
	list: requires("token:read")
		.meta({
			rest: {
				method: "GET",
				path: "/tokens",
				status: 200,
				tag: "Tokens",
				summary: "List API tokens",
			},
		})
		.input(listTokensInputSchema)
		.output(tokenPageSchema)
		.query(({ ctx, input }) => listTokens(ctx.resources, input)),
	revoke: requires("token:manage")
		.meta({
			rest: {
				method: "DELETE",
				path: "/tokens/{id}",
				status: 200,
				tag: "Tokens",
				summary: "Revoke an API token",
			},
		})
		.input(tokenRefSchema)
		.output(tokenRefSchema)
		.mutation(({ ctx, input }) => revokeToken(ctx.resources, ctx.caller, input)),
});

const account = router({
	me: requires("cache:read")
		.meta({
			rest: { method: "GET", path: "/me", status: 200, tag: "Account", summary: "Who am I" },
		})
		.input(emptyInput)
		.output(meSchema)
		.query(({ ctx }) => ({
			kind: ctx.caller.kind,
			name: ctx.caller.name,
			email: ctx.caller.email,
		})),
	setupStatus: publicProcedure
		.output(setupStatusSchema)
		.query(async ({ ctx }) => ({ required: await ctx.setUp.isRequired() })),
	createAdministrator: publicProcedure
		.input(createAdministratorInputSchema)
		.output(z.object({ email: z.string() }))
		.mutation(async ({ ctx, input }) => {
			await ctx.setUp.createAdministrator(input, ctx.requestId);
			return { email: input.email };
		}),
});

const overview = router({
	get: requires("host:read")
		.meta({
			rest: {
				method: "GET",
				path: "/overview",
				status: 200,
				tag: "Hosts",
				summary: "Counts, and capacity by zone",
			},
		})
		.input(emptyInput)
		.output(overviewSchema)
		.query(({ ctx }) => getOverview(ctx.resources)),
});

/** Every use case of the API; REST is made from the same table (api/rest). */
export const appRouter = router({
	account,
	caches,
	engineVersions,
	events,
	hosts,
	nodeTypes,
	overview,
	tokens,
});
export type AppRouter = typeof appRouter;
