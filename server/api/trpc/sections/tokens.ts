import {
	createdTokenSchema,
	createTokenInputSchema,
	listTokensInputSchema,
	tokenPageSchema,
	tokenRefSchema,
} from "../../../contract/index.ts";
import { createToken, listTokens, revokeToken } from "../../../services/access/tokens.ts";
import { requires, router } from "../trpc.ts";

export const tokens = router({
	create: requires("token:manage")
		.meta({
			rest: {
				method: "POST",
				path: "/tokens",
				status: 201,
				tag: "Tokens",
				summary: "Create an API token",
				description:
					"Read-only, and expires after 90 days, unless the request says otherwise. Only this response contains the token itself.",
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
