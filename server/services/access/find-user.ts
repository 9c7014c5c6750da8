import { AppError } from "../../contract/errors.ts";
import type { Prisma, Transaction } from "../../data/database.ts";

export const WITH_TOKENS = {
	_count: { select: { tokens: true } },
} as const satisfies Prisma.UserInclude;

export type UserRow = Prisma.UserGetPayload<{ include: typeof WITH_TOKENS }>;

/** By id or email address. Throws `not_found`. */
export async function findUser(tx: Transaction, ref: string): Promise<UserRow> {
	const row = await tx.user.findFirst({
		where: { OR: [{ id: ref }, { email: ref.toLowerCase() }] },
		include: WITH_TOKENS,
	});
	if (row !== null) return row;
	throw new AppError("not_found", `There is no user ${ref}. List the users to see who exists.`, {
		field: "user",
	});
}
