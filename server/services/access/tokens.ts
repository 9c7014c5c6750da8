import { randomUUID } from "node:crypto";
import type { z } from "zod";
import {
	type ApiToken,
	AppError,
	type createTokenInputSchema,
	type listTokensInputSchema,
	tokenScopeSchema,
} from "../../contract/index.ts";
import { olderThan, toPage } from "../../data/cursor.ts";
import type { Prisma } from "../../data/database.ts";
import { randomSecret, sha256Hex } from "../../platform/secrets.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";

const PREFIX_LENGTH = "larder_".length + 6;
const DAY_MS = 86_400_000;

/** The secret is only in this response: the database keeps its hash. */
export async function createToken(
	resources: Resources,
	caller: Caller,
	input: z.output<typeof createTokenInputSchema>,
): Promise<ApiToken & { token: string }> {
	const id = randomUUID();
	return mutate(resources, caller, {
		action: "token.create",
		target: input.name,
		input,
		run: async (tx) => {
			const token = `larder_${randomSecret()}`;
			const createdAt = resources.clock.now();
			const row = await tx.apiToken.create({
				data: {
					id,
					name: input.name,
					prefix: token.slice(0, PREFIX_LENGTH),
					hash: sha256Hex(token),
					scope: input.scope,
					createdBy: caller.name,
					ownerId: caller.userId,
					createdAt,
					expiresAt:
						input.expiresInDays === null
							? null
							: new Date(createdAt.getTime() + input.expiresInDays * DAY_MS),
				},
			});
			return { ...toTokenView(row), token };
		},
	});
}

/** Newest first. */
export async function listTokens(
	{ db }: Resources,
	input: z.output<typeof listTokensInputSchema>,
): Promise<{ items: ApiToken[]; nextCursor: string | null }> {
	const rows = await db.apiToken.findMany({
		where: olderThan("createdAt", input.cursor),
		orderBy: [{ createdAt: "desc" }, { id: "desc" }],
		take: input.limit + 1,
	});
	const page = toPage(rows, input.limit, (row) => ({ at: row.createdAt, id: row.id }));
	return { items: page.rows.map(toTokenView), nextCursor: page.nextCursor };
}

/** The token is refused from the next call on. `not_found` if there is no such token. */
export async function revokeToken(
	resources: Resources,
	caller: Caller,
	input: { id: string },
): Promise<{ id: string }> {
	let name = input.id;
	return mutate(resources, caller, {
		action: "token.revoke",
		target: input.id,
		nameOf: () => name,
		input,
		run: async (tx) => {
			const token = await tx.apiToken.findUnique({ where: { id: input.id } });
			if (token === null) {
				throw new AppError("not_found", "No such token. List the tokens to see what exists.", {
					field: "id",
				});
			}
			name = token.name;
			await tx.apiToken.deleteMany({ where: { id: input.id } });
			return { id: input.id };
		},
	});
}

function toTokenView(row: Prisma.ApiTokenGetPayload<object>): ApiToken {
	return {
		id: row.id,
		name: row.name,
		prefix: row.prefix,
		scope: tokenScopeSchema.parse(row.scope),
		createdAt: row.createdAt.toISOString(),
		createdBy: row.createdBy,
		lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
		expiresAt: row.expiresAt?.toISOString() ?? null,
	};
}
