import { randomUUID } from "node:crypto";
import type { Transaction } from "../data/database.ts";

/** Stores a user's first password where better-auth looks for it. */
export async function addPassword(
	tx: Transaction,
	userId: string,
	passwordHash: string,
): Promise<void> {
	await tx.account.create({
		data: {
			...{ id: randomUUID(), accountId: userId, providerId: "credential", userId },
			password: passwordHash,
		},
	});
}
