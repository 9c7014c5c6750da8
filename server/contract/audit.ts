import { z } from "zod";
import { AUDIT_OUTCOMES } from "./choices.ts";
import { instantSchema } from "./instant.ts";
import { cursorSchema, limitSchema, pageOf } from "./pagination.ts";

export const auditOutcomeSchema = z.enum(AUDIT_OUTCOMES);
export type AuditOutcome = z.infer<typeof auditOutcomeSchema>;

export const auditActorKindSchema = z.enum(["user", "token", "machine", "host", "anonymous"]);

export const auditEntrySchema = z.object({
	id: z.string(),
	at: z.string(),
	actor: z.object({
		kind: auditActorKindSchema.describe(
			"machine: the token in the control plane's home; anonymous: a caller who isn't signed in",
		),
		id: z.string().nullable(),
		name: z
			.string()
			.describe("as it was then: a user's email address, or the name of a token or host"),
	}),
	address: z
		.string()
		.nullable()
		.describe("the client's address; null if no request caused the action"),
	action: z.string().describe("stable, such as cache.create or session.sign-in"),
	target: z.string().describe("name of the cache, host, user or other object of the action"),
	outcome: auditOutcomeSchema,
	requestId: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const listAuditInputSchema = z.strictObject({
	limit: limitSchema,
	cursor: cursorSchema.optional(),
	since: instantSchema.optional().describe("only entries since this time"),
	actor: z
		.string()
		.trim()
		.min(1)
		.max(300)
		.optional()
		.describe("part of the actor's name, or its kind and id, such as token:4f1c…"),
	action: z
		.string()
		.regex(
			/^[a-z][a-z-]*(\.[a-z-]+)?$/,
			"action must look like cache.create, or cache for all of them",
		)
		.max(100)
		.optional()
		.describe("an action such as cache.create, or a prefix such as cache"),
	outcome: auditOutcomeSchema.optional(),
});
export const auditPageSchema = pageOf(auditEntrySchema);
