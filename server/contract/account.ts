import { z } from "zod";
import { accessSchema } from "./access.ts";
import { LIMITS } from "./limits.ts";
import { findPasswordWeakness, newPasswordSchema } from "./password.ts";

export const personNameSchema = z
	.string()
	.trim()
	.min(1, "name is required")
	.max(100, "name can have at most 100 characters");
export const emailSchema = z
	.email("enter a valid email address")
	.max(LIMITS.emailMaxLength)
	.toLowerCase();

/** Adds an issue for a password that an attacker would guess early. */
export function requireFitPassword(
	{ password, name = "", email = "" }: { password: string; name?: string; email?: string },
	context: z.RefinementCtx,
): void {
	const weakness = findPasswordWeakness(password, [name, email]);
	if (weakness === null) return;
	context.addIssue({ code: "custom", path: ["password"], message: `password ${weakness}` });
}

export const createAdministratorInputSchema = z
	.strictObject({
		setupToken: z.string().min(1, "open the setup link that npm start printed"),
		name: personNameSchema,
		email: emailSchema,
		password: newPasswordSchema,
	})
	.superRefine(requireFitPassword);

export const changePasswordInputSchema = z.strictObject({
	currentPassword: z.string().min(1, "enter the current password").max(LIMITS.passwordMaxLength),
	newPassword: newPasswordSchema,
});
export const changedPasswordSchema = z.object({
	endedSessions: z.number().describe("number of sessions in other browsers that ended"),
});

export const setupStatusSchema = z.object({
	required: z.boolean().describe("true until the first administrator exists"),
	signInProblem: z
		.string()
		.nullable()
		.describe("why this browser can't sign in over this connection, and what to do about it"),
});

export const meSchema = z.object({
	kind: z.enum(["user", "token", "machine"]),
	name: z.string(),
	email: z.string().nullable(),
	access: accessSchema.describe(
		"full: everything; viewer: reads everything except secrets, and manages their own account; read-only: reads everything except secrets",
	),
});
export type Me = z.infer<typeof meSchema>;

export const overviewSchema = z.object({
	version: z.string(),
	caches: z.number(),
	hosts: z.number(),
	/** So many hosts fell silent at the same time that the control plane assumes it is cut off: nothing is replaced. */
	safeMode: z.object({ silentHosts: z.array(z.string()) }).nullable(),
	drainingHosts: z.array(z.string()).describe("hosts whose nodes Larder is moving to other hosts"),
	diskFull: z
		.boolean()
		.describe("the disk that holds the control plane's files is full: changes can't be stored"),
	zones: z.array(
		z.object({
			name: z.string(),
			hosts: z.number(),
			online: z.number(),
			memoryBytes: z.number(),
			memoryAssignedBytes: z.number(),
		}),
	),
});

/** A browser that the caller is signed in with. */
export const sessionSchema = z.object({
	id: z.string(),
	address: z.string().nullable(),
	browser: z.string().describe("from its User-Agent header, such as Firefox on Linux"),
	createdAt: z.string(),
	expiresAt: z.string(),
	isCurrent: z.boolean(),
});
export type Session = z.infer<typeof sessionSchema>;
export const sessionListSchema = z.object({ items: z.array(sessionSchema), nextCursor: z.null() });
export const sessionRefSchema = z.strictObject({ id: z.string().min(1).max(64) });
export const endedSessionsSchema = z.object({ endedSessions: z.number() });
