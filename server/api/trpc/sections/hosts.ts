import {
	createJoinTokenInputSchema,
	hostPageSchema,
	hostRefSchema,
	hostSchema,
	joinTokenSchema,
	listHostsInputSchema,
	overviewSchema,
	removeHostInputSchema,
} from "../../../contract/index.ts";
import { getOverview } from "../../../services/get-overview.ts";
import { cordonHost, drainHost, uncordonHost } from "../../../services/hosts/change-host.ts";
import { createJoinToken } from "../../../services/hosts/create-join-token.ts";
import { getHost } from "../../../services/hosts/get-host.ts";
import { listHosts } from "../../../services/hosts/list-hosts.ts";
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
				summary: "Describe a host",
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
				summary: "Keep new nodes from a host",
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
				summary: "Let a host take nodes again",
				description:
					"Calls off a drain too: moves that are nearly done are finished, others undone, and nodes that have gone stay where they are.",
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
					"One of a shard at a time: a new node copies the data, takes over where the old one leads, and then the old one goes. Answers at once; the host is drained when its nodeCount is 0. Memcached nodes come up empty.",
			},
		})
		.input(hostRefSchema)
		.output(hostSchema)
		.mutation(({ ctx, input }) => drainHost(ctx.resources, ctx.caller, input)),
	remove: requires("host:manage")
		.meta({
			rest: {
				method: "DELETE",
				path: "/hosts/{name}",
				status: 202,
				tag: "Hosts",
				summary: "Remove a host",
				description:
					"Refused while it has nodes: drain it first. Of one that is offline, lost=true says that it won't come back: others take its nodes' places, what only it holds is given up, and getting it is 404 once that is done.",
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
			},
		})
		.input(createJoinTokenInputSchema)
		.output(joinTokenSchema)
		.mutation(({ ctx, input }) => createJoinToken(ctx.resources, ctx.caller, input, ctx.origin)),
});

export const overview = router({
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
