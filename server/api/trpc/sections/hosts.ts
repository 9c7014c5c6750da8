import {
	createdJoinTokenSchema,
	createJoinTokenInputSchema,
	drainPreviewSchema,
	hostPageSchema,
	hostRefSchema,
	hostSchema,
	joinTokenPageSchema,
	joinTokenRefSchema,
	joinTokenSchema,
	listHostsInputSchema,
	listJoinTokensInputSchema,
	overviewSchema,
	removeHostInputSchema,
} from "../../../contract/index.ts";
import { getOverview } from "../../../services/get-overview.ts";
import { cordonHost, drainHost, uncordonHost } from "../../../services/hosts/change-host.ts";
import { createJoinToken } from "../../../services/hosts/create-join-token.ts";
import { getHost } from "../../../services/hosts/get-host.ts";
import { listJoinTokens, revokeJoinToken } from "../../../services/hosts/join-tokens.ts";
import { listHosts } from "../../../services/hosts/list-hosts.ts";
import { previewDrain } from "../../../services/hosts/preview-drain.ts";
import { removeHost } from "../../../services/hosts/remove-host.ts";
import { requires, router } from "../trpc.ts";
import { emptyInput } from "./shapes.ts";

export const hosts = router({
	list: requires("host:read")
		.meta({
			rest: { method: "GET", path: "/hosts", status: 200, tag: "Hosts", summary: "List hosts" },
		})
		.input(listHostsInputSchema)
		.output(hostPageSchema)
		.query(({ ctx, input }) => listHosts(ctx.resources, input)),
	get: requires("host:read")
		.meta({
			rest: {
				method: "GET",
				path: "/hosts/{name}",
				status: 200,
				tag: "Hosts",
				summary: "Get a host",
			},
		})
		.input(hostRefSchema)
		.output(hostSchema)
		.query(({ ctx, input }) => getHost(ctx.resources, input)),
	cordon: requires("host:manage")
		.meta({
			rest: {
				method: "POST",
				path: "/hosts/{name}/cordon",
				status: 200,
				tag: "Hosts",
				summary: "Stop placing new nodes on a host",
			},
		})
		.input(hostRefSchema)
		.output(hostSchema)
		.mutation(({ ctx, input }) => cordonHost(ctx.resources, ctx.caller, input)),
	uncordon: requires("host:manage")
		.meta({
			rest: {
				method: "POST",
				path: "/hosts/{name}/uncordon",
				status: 200,
				tag: "Hosts",
				summary: "Let a host accept nodes again",
				description:
					"Also cancels a drain: moves that are nearly done finish, and others are undone. Some nodes that have already left return later if that spreads a cache better.",
			},
		})
		.input(hostRefSchema)
		.output(hostSchema)
		.mutation(({ ctx, input }) => uncordonHost(ctx.resources, ctx.caller, input)),
	drain: requires("host:manage")
		.meta({
			rest: {
				method: "POST",
				path: "/hosts/{name}/drain",
				status: 202,
				tag: "Hosts",
				summary: "Move a host's nodes to other hosts",
				description:
					"Moves one node per shard at a time: a new node copies the data, takes over if the old one is the primary, and then Larder removes the old one. Returns at once; the host is drained when its nodeCount is 0. Memcached nodes start empty.",
			},
		})
		.input(hostRefSchema)
		.output(hostSchema)
		.mutation(({ ctx, input }) => drainHost(ctx.resources, ctx.caller, input)),
	previewDrain: requires("host:read")
		.meta({
			rest: {
				method: "GET",
				path: "/hosts/{name}/drain",
				status: 200,
				tag: "Hosts",
				summary: "Preview a drain",
				description:
					"Returns where each node of the host would go if you drained it now, which nodes have nowhere to go, why, and what would help. Changes nothing.",
			},
		})
		.input(hostRefSchema)
		.output(drainPreviewSchema)
		.query(({ ctx, input }) => previewDrain(ctx.resources, input)),
	remove: requires("host:manage")
		.meta({
			rest: {
				method: "DELETE",
				path: "/hosts/{name}",
				status: 202,
				tag: "Hosts",
				summary: "Remove a host",
				description:
					"Refused while the host has nodes: drain it first. If the host is offline and won't come back, send lost=true: Larder replaces its nodes on other hosts and gives up the data that only it holds. GET returns 404 once that is done.",
			},
		})
		.input(removeHostInputSchema)
		.output(hostSchema)
		.mutation(({ ctx, input }) => removeHost(ctx.resources, ctx.caller, input)),
	createJoinToken: requires("host:join")
		.meta({
			rest: {
				method: "POST",
				path: "/hosts/join-tokens",
				status: 201,
				tag: "Hosts",
				summary: "Create a token that lets hosts join",
				description:
					"By default the token lets one host join within an hour. Only this response contains the token itself. Removing a host revokes the token that it joined with.",
			},
		})
		.input(createJoinTokenInputSchema)
		.output(createdJoinTokenSchema)
		.mutation(({ ctx, input }) => createJoinToken(ctx.resources, ctx.caller, input, ctx.origin)),
	listJoinTokens: requires("host:read")
		.meta({
			rest: {
				method: "GET",
				path: "/hosts/join-tokens",
				status: 200,
				tag: "Hosts",
				summary: "List join tokens",
			},
		})
		.input(listJoinTokensInputSchema)
		.output(joinTokenPageSchema)
		.query(({ ctx, input }) => listJoinTokens(ctx.resources, input)),
	revokeJoinToken: requires("host:join")
		.meta({
			rest: {
				method: "DELETE",
				path: "/hosts/join-tokens/{id}",
				status: 200,
				tag: "Hosts",
				summary: "Revoke a join token",
				description: "Hosts that joined with it stay in the fleet.",
			},
		})
		.input(joinTokenRefSchema)
		.output(joinTokenSchema)
		.mutation(({ ctx, input }) => revokeJoinToken(ctx.resources, ctx.caller, input)),
});

export const overview = router({
	get: requires("host:read")
		.meta({
			rest: {
				method: "GET",
				path: "/overview",
				status: 200,
				tag: "Hosts",
				summary: "Get the numbers of caches and hosts, and the capacity of each zone",
			},
		})
		.input(emptyInput)
		.output(overviewSchema)
		.query(({ ctx }) => getOverview(ctx.resources)),
});
