import { randomUUID } from "node:crypto";
import type { Transaction } from "../data/database.ts";

/** What a user signs in with, as better-auth keeps it. */
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
