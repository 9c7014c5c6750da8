import {
	createJoinTokenInputSchema,
	hostPageSchema,
	joinTokenSchema,
	listHostsInputSchema,
	overviewSchema,
} from "../../../contract/index.ts";
import { getOverview } from "../../../services/get-overview.ts";
import { createJoinToken } from "../../../services/hosts/create-join-token.ts";
import { listHosts } from "../../../services/hosts/list-hosts.ts";
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
