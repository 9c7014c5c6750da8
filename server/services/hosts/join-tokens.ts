import type { z } from "zod";
import { AppError } from "../../contract/errors.ts";
import type { JoinToken, listJoinTokensInputSchema } from "../../contract/host.ts";
import { olderThan, toPage } from "../../data/cursor.ts";
import type { Transaction } from "../../data/database.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { toJoinTokenView } from "./join-token-view.ts";

/** Newest first. Expired tokens leave the list after a day. */
export async function listJoinTokens(
	{ db, clock }: Resources,
	input: z.output<typeof listJoinTokensInputSchema>,
): Promise<{ items: JoinToken[]; nextCursor: string | null }> {
	const rows = await db.joinToken.findMany({
		where: olderThan("createdAt", input.cursor),
		orderBy: [{ createdAt: "desc" }, { id: "desc" }],
		take: input.limit + 1,
	});
	const page = toPage(rows, input.limit, (row) => ({ at: row.createdAt, id: row.id }));
	const hosts = await hostsOf(
		db,
		page.rows.map(({ id }) => id),
	);
	const now = clock.now();
	return {
		items: page.rows.map((row) => toJoinTokenView(row, hosts.get(row.id) ?? [], now)),
		nextCursor: page.nextCursor,
	};
}

/** The token admits no host from now on; hosts that joined with it stay. `not_found` if there is no such token. */
export async function revokeJoinToken(
	resources: Resources,
	caller: Caller,
	input: { id: string },
): Promise<JoinToken> {
	const { clock } = resources;
	return mutate(resources, caller, {
		action: "join-token.revoke",
		target: input.id,
		nameOf: ({ prefix }) => `${prefix}…`,
		input,
		run: async (tx) => {
			await tx.joinToken.updateMany({
				where: { id: input.id, revokedAt: null },
				data: { revokedAt: clock.now() },
			});
			const row = await tx.joinToken.findUnique({ where: { id: input.id } });
			if (row === null) {
				throw new AppError(
					"not_found",
					"No such join token. List the join tokens to see what exists.",
					{ field: "id" },
				);
			}
			const hosts = await hostsOf(tx, [row.id]);
			return toJoinTokenView(row, hosts.get(row.id) ?? [], clock.now());
		},
	});
}

async function hostsOf(db: Transaction, tokenIds: string[]): Promise<Map<string, string[]>> {
	const hosts = await db.host.findMany({
		where: { joinTokenId: { in: tokenIds } },
		select: { name: true, joinTokenId: true },
		orderBy: { name: "asc" },
	});
	const byToken = new Map<string, string[]>();
	for (const { name, joinTokenId } of hosts) {
		const id = joinTokenId ?? "";
		byToken.set(id, [...(byToken.get(id) ?? []), name]);
	}
	return byToken;
}
