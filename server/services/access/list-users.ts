import type { z } from "zod";
import type { listUsersInputSchema, User } from "../../contract/index.ts";
import { olderThan, toPage } from "../../data/cursor.ts";
import type { Resources } from "../context.ts";
import { WITH_TOKENS } from "./find-user.ts";
import { toUserView } from "./user-view.ts";

/** All users, including invited and disabled ones, newest first. */
export async function listUsers(
	{ db, clock }: Resources,
	input: z.output<typeof listUsersInputSchema>,
): Promise<{ items: User[]; nextCursor: string | null }> {
	const rows = await db.user.findMany({
		where: olderThan("createdAt", input.cursor),
		orderBy: [{ createdAt: "desc" }, { id: "desc" }],
		take: input.limit + 1,
		include: WITH_TOKENS,
	});
	const page = toPage(rows, input.limit, (row) => ({ at: row.createdAt, id: row.id }));
	return {
		items: page.rows.map((row) => toUserView(row, clock.now())),
		nextCursor: page.nextCursor,
	};
}
