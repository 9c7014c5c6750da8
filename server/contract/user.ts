import { z } from "zod";
import { roleSchema } from "./access.ts";
import { emailSchema, personNameSchema, requireFitPassword } from "./account.ts";
import { cursorSchema, limitSchema, pageOf } from "./pagination.ts";
import { newPasswordSchema } from "./password.ts";

/** How long an invitation's link works. */
export const INVITE_DAYS = 7;
/** How long a password-reset link works. */
export const RESET_HOURS = 24;

/** `expired`: the invitation's link no longer works; invite the address again. */
export const userStatusSchema = z.enum(["active", "disabled", "invited", "expired"]);
export type UserStatus = z.infer<typeof userStatusSchema>;

export const userSchema = z.object({
	id: z.string(),
	email: z.string(),
	name: z.string().describe("empty until the invitation is accepted"),
	role: roleSchema,
	status: userStatusSchema,
	createdAt: z.string(),
	tokens: z.number().describe("API tokens that the user owns"),
	inviteExpiresAt: z.string().nullable(),
	resetExpiresAt: z
		.string()
		.nullable()
		.describe("when the password-reset link expires; null if there is none"),
});
export type User = z.infer<typeof userSchema>;

export const listUsersInputSchema = z.strictObject({
	limit: limitSchema,
	cursor: cursorSchema.optional(),
});
export const userPageSchema = pageOf(userSchema);

export const inviteUserInputSchema = z.strictObject({
	email: emailSchema,
	role: roleSchema.default("viewer"),
});
export const userLinkSchema = userSchema.extend({
	link: z.string().describe("works once; shown once"),
});

/** By id or email address. */
export const userRefSchema = z.strictObject({
	user: z.string().min(1).max(320).describe("id or email address"),
});
export const modifyUserInputSchema = userRefSchema.extend({
	role: roleSchema.optional(),
	disabled: z
		.boolean()
		.optional()
		.describe("a disabled user can't sign in, and Larder refuses the user's tokens"),
});

const linkTokenSchema = z.string().min(1, "open the complete link that you received").max(200);

export const invitationRefSchema = z.strictObject({ inviteToken: linkTokenSchema });
export const acceptInvitationInputSchema = z
	.strictObject({
		inviteToken: linkTokenSchema,
		name: personNameSchema,
		password: newPasswordSchema,
	})
	.superRefine(requireFitPassword);

export const passwordResetRefSchema = z.strictObject({ resetToken: linkTokenSchema });
export const resetPasswordInputSchema = passwordResetRefSchema
	.extend({ password: newPasswordSchema })
	.superRefine(requireFitPassword);
