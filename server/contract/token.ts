import { z } from "zod";
import { tokenScopeSchema } from "./access.ts";
import { cursorSchema, limitSchema, pageOf } from "./pagination.ts";

/** How long a token is valid unless its creator says otherwise. */
export const TOKEN_DAYS_DEFAULT = 90;

export const tokenSchema = z.object({
	id: z.string(),
	name: z.string(),
	prefix: z.string().describe("first characters, to tell tokens apart"),
	scope: tokenScopeSchema,
	createdAt: z.string(),
	createdBy: z.string(),
	lastUsedAt: z.string().nullable(),
	expiresAt: z.string().nullable(),
});
export type ApiToken = z.infer<typeof tokenSchema>;

export const createTokenInputSchema = z.strictObject({
	name: z
		.string("name is required")
		.trim()
		.min(1, "name is required")
		.max(100, "name can have at most 100 characters")
		.regex(/^[^\p{Cc}]*$/u, "name can't contain control characters"),
	scope: tokenScopeSchema
		.default("read-only")
		.describe(
			"read-only: can read everything except passwords; full: can do everything that administrators can",
		),
	expiresInDays: z
		.number()
		.int()
		.min(1, "expiresInDays must be 1 to 3650")
		.max(3650, "expiresInDays must be 1 to 3650")
		.nullable()
		.default(TOKEN_DAYS_DEFAULT)
		.describe("null: never expires"),
});
export const createdTokenSchema = tokenSchema.extend({ token: z.string().describe("shown once") });

export const listTokensInputSchema = z.strictObject({
	limit: limitSchema,
	cursor: cursorSchema.optional(),
});
export const tokenPageSchema = pageOf(tokenSchema);

export const tokenRefSchema = z.strictObject({ id: z.string().min(1).max(64) });
