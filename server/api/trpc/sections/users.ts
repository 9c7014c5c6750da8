import {
	inviteUserInputSchema,
	listUsersInputSchema,
	modifyUserInputSchema,
	userLinkSchema,
	userPageSchema,
	userRefSchema,
	userSchema,
} from "../../../contract/index.ts";
import { deleteUser, modifyUser } from "../../../services/access/change-user.ts";
import { createPasswordReset } from "../../../services/access/create-password-reset.ts";
import { inviteUser } from "../../../services/access/invite-user.ts";
import { listUsers } from "../../../services/access/list-users.ts";
import { requires, router } from "../trpc.ts";

export const users = router({
	invite: requires("user:manage")
		.meta({
			rest: {
				method: "POST",
				path: "/users",
				status: 201,
				tag: "Users",
				summary: "Invite a user",
				description:
					"Returns a link that works once, within 7 days; pass it on yourself. Inviting an address again before it has accepted replaces the link. Viewers can see everything except secrets.",
			},
		})
		.input(inviteUserInputSchema)
		.output(userLinkSchema)
		.mutation(({ ctx, input }) => inviteUser(ctx.resources, ctx.caller, input, ctx.origin)),
	list: requires("user:read")
		.meta({
			rest: { method: "GET", path: "/users", status: 200, tag: "Users", summary: "List users" },
		})
		.input(listUsersInputSchema)
		.output(userPageSchema)
		.query(({ ctx, input }) => listUsers(ctx.resources, input)),
	modify: requires("user:manage")
		.meta({
			rest: {
				method: "PATCH",
				path: "/users/{user}",
				status: 200,
				tag: "Users",
				summary: "Change a user's role, or disable or enable the user",
				description:
					"Disabling a user ends the user's sessions at once, and Larder refuses the user's API tokens. Refused for the last administrator and for yourself.",
			},
		})
		.input(modifyUserInputSchema)
		.output(userSchema)
		.mutation(({ ctx, input }) => modifyUser(ctx.resources, ctx.caller, input)),
	resetPassword: requires("user:manage")
		.meta({
			rest: {
				method: "POST",
				path: "/users/{user}/password-reset",
				status: 201,
				tag: "Users",
				summary: "Create a password-reset link",
				description:
					"Returns a link that lets the user set a new password. It works once, within 24 hours; pass it on yourself. A new link replaces the previous one. Using the link ends the user's sessions; API tokens stay. Refused for open invitations, disabled users and yourself.",
			},
		})
		.input(userRefSchema)
		.output(userLinkSchema)
		.mutation(({ ctx, input }) =>
			createPasswordReset(ctx.resources, ctx.caller, input, ctx.origin),
		),
	delete: requires("user:manage")
		.meta({
			rest: {
				method: "DELETE",
				path: "/users/{user}",
				status: 200,
				tag: "Users",
				summary: "Delete a user or an invitation",
				description:
					"The user's sessions and API tokens end at once. Refused for the last administrator and for yourself.",
			},
		})
		.input(userRefSchema)
		.output(userSchema)
		.mutation(({ ctx, input }) => deleteUser(ctx.resources, ctx.caller, input)),
});
