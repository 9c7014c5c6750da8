import type { z } from "zod";
import type { changePasswordInputSchema } from "../contract/account.ts";
import { AppError } from "../contract/errors.ts";
import { findPasswordWeakness } from "../contract/password.ts";
import { writeAudit } from "../data/write-audit.ts";
import { oncePer } from "../platform/once-per.ts";
import { auditOrigin } from "../services/audit-origin.ts";
import type { Caller, Resources } from "../services/context.ts";
import { mutate } from "../services/mutation.ts";
import { AttemptLimit } from "./attempt-limit.ts";
import type { Sessions } from "./sessions.ts";

/** Per minute. better-auth's own limit doesn't cover guesses from within a session. */
const ATTEMPTS_MAX = 5;

const limitOf = oncePer(({ clock }: Resources) => new AttemptLimit(clock, ATTEMPTS_MAX));

/**
 * Sets the caller's own password and ends all other sessions of the account; API tokens stay. Throws
 * `invalid_argument` for a wrong current password and for a new one that is weak or unchanged.
 */
export async function changePassword(
	resources: Resources,
	sessions: Sessions,
	caller: Caller,
	input: z.output<typeof changePasswordInputSchema>,
): Promise<{ endedSessions: number }> {
	const { db, clock } = resources;
	const { session, email } = caller;
	if (session === null || email === null) {
		throw new AppError(
			"forbidden",
			"Only a person who is signed in to the console has a password.",
		);
	}
	if (!limitOf(resources).allows(caller.actor)) {
		throw new AppError("rate_limited", "Too many attempts. Wait a minute, then try again.");
	}
	const { password: passwords } = await sessions.$context;
	const account = await db.account.findFirstOrThrow({
		where: { userId: session.userId, providerId: "credential" },
	});
	const isRight = await passwords.verify({
		hash: account.password ?? "",
		password: input.currentPassword,
	});
	if (!isRight) {
		await writeAudit(db, clock, auditOrigin(caller), {
			...{ action: "account.change-password", target: email, outcome: "failed" },
		});
		throw new AppError("invalid_argument", "The current password is wrong.", {
			field: "currentPassword",
		});
	}
	requireFit(input, [caller.name, email]);
	const hash = await passwords.hash(input.newPassword);
	return mutate(resources, caller, {
		action: "account.change-password",
		target: email,
		input: {},
		run: async (tx) => {
			await tx.account.update({ where: { id: account.id }, data: { password: hash } });
			// A user who knows the password needs no reset link; one that went astray stops working here.
			await tx.user.update({
				where: { id: session.userId },
				data: { resetHash: null, resetExpiresAt: null },
			});
			const { count } = await tx.session.deleteMany({
				where: { userId: session.userId, id: { not: session.id } },
			});
			return { endedSessions: count };
		},
	});
}

function requireFit(
	{ currentPassword, newPassword }: z.output<typeof changePasswordInputSchema>,
	personal: string[],
): void {
	const weakness = findPasswordWeakness(newPassword, personal);
	const problem =
		newPassword === currentPassword
			? "The new password is the same as the current one. Choose another."
			: weakness === null
				? null
				: `password ${weakness}`;
	if (problem !== null) {
		throw new AppError("invalid_argument", problem, { field: "newPassword" });
	}
}
