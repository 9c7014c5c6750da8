import { z } from "zod";
import {
	createAdministratorInputSchema,
	meSchema,
	setupStatusSchema,
} from "../../../contract/index.ts";
import { publicProcedure, requires, router } from "../trpc.ts";
import { emptyInput } from "./shapes.ts";

export const account = router({
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
