import type { z } from "zod";
import { AppError, type modifyUserInputSchema, type User } from "../../contract/index.ts";
import { ADVISORY_LOCK } from "../../data/advisory-locks.ts";
import type { Transaction } from "../../data/database.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findUser, type UserRow, WITH_TOKENS } from "./find-user.ts";
import { toUserView } from "./user-view.ts";

/**
 * Changes the role, or disables or enables the user. A disabled user is signed out at once, and their tokens are
 * refused.
 */
export async function modifyUser(
	resources: Resources,
	caller: Caller,
	input: z.output<typeof modifyUserInputSchema>,
): Promise<User> {
	const { clock } = resources;
	return mutate(resources, caller, {
		action: actionOf(input),
		target: input.user,
		nameOf: ({ email }) => email,
		input,
		run: async (tx) => {
			await lockUsers(tx);
			const row = await findUser(tx, input.user);
			if (input.disabled === true || input.role === "viewer") {
				requireOther(caller, row);
				await requireOtherAdministrator(tx, row);
			}
			if (input.disabled === true && row.inviteHash !== null) {
				throw new AppError(
					"conflict",
					`${row.email} hasn't accepted the invitation. Delete the user instead; the link then stops working.`,
				);
			}
			const changed = await tx.user.update({
				where: { id: row.id },
				data: {
					...(input.role !== undefined && { role: input.role }),
					...(input.disabled !== undefined && {
						disabledAt: input.disabled ? (row.disabledAt ?? clock.now()) : null,
						...{ resetHash: null, resetExpiresAt: null },
					}),
				},
				include: WITH_TOKENS,
			});
			if (input.disabled === true) await tx.session.deleteMany({ where: { userId: row.id } });
			return toUserView(changed, clock.now());
		},
	});
}

function actionOf({ role, disabled }: z.output<typeof modifyUserInputSchema>): string {
	if (disabled !== undefined) return disabled ? "user.disable" : "user.enable";
	return role === undefined ? "user.modify" : `user.make-${role}`;
}

/** Deletes the user's sessions, API tokens and invitation as well. The audit log keeps what the user did. */
export async function deleteUser(
	resources: Resources,
	caller: Caller,
	input: { user: string },
): Promise<User> {
	return mutate(resources, caller, {
		action: "user.delete",
		target: input.user,
		nameOf: ({ email }) => email,
		input,
		run: async (tx) => {
			await lockUsers(tx);
			const row = await findUser(tx, input.user);
			requireOther(caller, row);
			await requireOtherAdministrator(tx, row);
			// The database also deletes what belongs to the user.
			await tx.user.delete({ where: { id: row.id } });
			return toUserView(row, resources.clock.now());
		},
	});
}

/** Two administrators who delete each other at the same time would leave none. */
async function lockUsers(tx: Transaction): Promise<void> {
	await tx.$executeRaw`SELECT pg_advisory_xact_lock(${ADVISORY_LOCK.users}::bigint)::text`;
}

function requireOther(caller: Caller, { id }: UserRow): void {
	if (caller.userId !== id) return;
	throw new AppError(
		"conflict",
		"This is your own account. Another administrator can disable or delete it, or change its role.",
		{ field: "user" },
	);
}

async function requireOtherAdministrator(tx: Transaction, row: UserRow): Promise<void> {
	if (row.role !== "administrator" || row.disabledAt !== null || row.inviteHash !== null) return;
	const others = await tx.user.count({
		where: { id: { not: row.id }, role: "administrator", disabledAt: null, inviteHash: null },
	});
	if (others > 0) return;
	throw new AppError(
		"conflict",
		`${row.email} is the last administrator. Make another user an administrator first.`,
		{ field: "user" },
	);
}
