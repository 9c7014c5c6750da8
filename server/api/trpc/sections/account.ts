import { z } from "zod";
import { acceptInvitation, findInvitation } from "../../../auth/accept-invitation.ts";
import { changePassword } from "../../../auth/change-password.ts";
import { requireSafeConnection, signInProblem } from "../../../auth/connection.ts";
import { endSessions, listSessions } from "../../../auth/own-sessions.ts";
import { findPasswordReset, resetPassword } from "../../../auth/reset-password.ts";
import {
	acceptInvitationInputSchema,
	changedPasswordSchema,
	changePasswordInputSchema,
	createAdministratorInputSchema,
	endedSessionsSchema,
	invitationRefSchema,
	meSchema,
	passwordResetRefSchema,
	resetPasswordInputSchema,
	roleSchema,
	sessionListSchema,
	sessionRefSchema,
	setupStatusSchema,
} from "../../../contract/index.ts";
import { publicProcedure, requires, router } from "../trpc.ts";
import { emptyInput } from "./shapes.ts";

export const account = router({
	me: requires("cache:read")
		.meta({
			rest: {
				method: "GET",
				path: "/me",
				status: 200,
				tag: "Account",
				summary: "Get the caller's name and access",
			},
		})
		.input(emptyInput)
		.output(meSchema)
		.query(({ ctx }) => ({
			kind: ctx.caller.kind,
			name: ctx.caller.name,
			email: ctx.caller.email,
			access: ctx.caller.access,
		})),
	setupStatus: publicProcedure.output(setupStatusSchema).query(async ({ ctx }) => ({
		required: await ctx.setUp.isRequired(),
		signInProblem: signInProblem(ctx.connection),
	})),
	createAdministrator: publicProcedure
		.input(createAdministratorInputSchema)
		.output(z.object({ email: z.string() }))
		.mutation(async ({ ctx, input }) => {
			requireSafeConnection(ctx.connection);
			const { requestId, connection } = ctx;
			await ctx.setUp.createAdministrator(input, { requestId, address: connection.address });
			return { email: input.email };
		}),
	changePassword: requires("account:manage")
		.input(changePasswordInputSchema)
		.output(changedPasswordSchema)
		.mutation(({ ctx, input }) => changePassword(ctx.resources, ctx.sessions, ctx.caller, input)),
	invitation: publicProcedure
		.input(invitationRefSchema)
		.output(z.object({ email: z.string(), role: roleSchema }))
		.mutation(async ({ ctx, input }) => {
			const { email, role } = await findInvitation(ctx.resources, input.inviteToken);
			return { email, role: roleSchema.parse(role) };
		}),
	acceptInvitation: publicProcedure
		.input(acceptInvitationInputSchema)
		.output(z.object({ email: z.string() }))
		.mutation(({ ctx, input }) => {
			requireSafeConnection(ctx.connection);
			const { requestId, connection } = ctx;
			return acceptInvitation(ctx.resources, ctx.sessions, input, {
				requestId,
				address: connection.address,
			});
		}),
	passwordReset: publicProcedure
		.input(passwordResetRefSchema)
		.output(z.object({ email: z.string() }))
		.mutation(async ({ ctx, input }) => {
			const { email } = await findPasswordReset(ctx.resources, input.resetToken);
			return { email };
		}),
	resetPassword: publicProcedure
		.input(resetPasswordInputSchema)
		.output(z.object({ email: z.string() }))
		.mutation(({ ctx, input }) => {
			requireSafeConnection(ctx.connection);
			const { requestId, connection } = ctx;
			return resetPassword(ctx.resources, ctx.sessions, input, {
				requestId,
				address: connection.address,
			});
		}),
	sessions: requires("account:read")
		.meta({
			rest: {
				method: "GET",
				path: "/me/sessions",
				status: 200,
				tag: "Account",
				summary: "List the browsers that you are signed in with",
				description: "For people: tokens have no sessions.",
			},
		})
		.input(emptyInput)
		.output(sessionListSchema)
		.query(async ({ ctx }) => ({
			items: await listSessions(ctx.resources, ctx.caller),
			nextCursor: null,
		})),
	endSession: requires("account:manage")
		.meta({
			rest: {
				method: "DELETE",
				path: "/me/sessions/{id}",
				status: 200,
				tag: "Account",
				summary: "End another of your sessions",
			},
		})
		.input(sessionRefSchema)
		.output(endedSessionsSchema)
		.mutation(({ ctx, input }) => endSessions(ctx.resources, ctx.caller, input)),
	endOtherSessions: requires("account:manage")
		.meta({
			rest: {
				method: "DELETE",
				path: "/me/sessions",
				status: 200,
				tag: "Account",
				summary: "End all of your sessions but this one",
			},
		})
		.input(emptyInput)
		.output(endedSessionsSchema)
		.mutation(({ ctx }) => endSessions(ctx.resources, ctx.caller, {})),
});
