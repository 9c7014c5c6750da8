import type { z } from "zod";
import { AppError } from "../contract/errors.ts";
import type { resetPasswordInputSchema } from "../contract/index.ts";
import { findPasswordWeakness } from "../contract/password.ts";
import { type RequestOrigin, writeAudit } from "../data/write-audit.ts";
import { sha256Hex } from "../platform/secrets.ts";
import type { Resources } from "../services/context.ts";
import type { Sessions } from "./sessions.ts";

/**
 * The user whose password a link resets. Throws `unauthenticated` if the link is unknown, used, replaced or
 * expired, or the user is disabled.
 */
export async function findPasswordReset(
	{ db, clock }: Resources,
	resetToken: string,
): Promise<{ id: string; email: string; name: string }> {
	const user = await db.user.findUnique({ where: { resetHash: sha256Hex(resetToken) } });
	if (
		user?.resetExpiresAt != null &&
		user.resetExpiresAt > clock.now() &&
		user.disabledAt === null
	) {
		return user;
	}
	throw new AppError(
		"unauthenticated",
		"This link no longer works: it was used or replaced, or it has expired. Ask an administrator for a new one.",
		{ field: "resetToken" },
	);
}

/** Sets a new password, once, and ends all of the user's sessions. API tokens stay. */
export async function resetPassword(
	resources: Resources,
	sessions: Sessions,
	input: z.output<typeof resetPasswordInputSchema>,
	from: RequestOrigin,
): Promise<{ email: string }> {
	const { db, clock } = resources;
	const { id, email, name } = await findPasswordReset(resources, input.resetToken);
	const weakness = findPasswordWeakness(input.password, [name, email]);
	if (weakness !== null) {
		throw new AppError("invalid_argument", `password ${weakness}`, { field: "password" });
	}
	const { password: passwords } = await sessions.$context;
	const hash = await passwords.hash(input.password);
	await db.$transaction(async (tx) => {
		// If two people use the link at the same time, only one update finds it.
		const { count } = await tx.user.updateMany({
			where: { id, resetHash: sha256Hex(input.resetToken), disabledAt: null },
			data: { resetHash: null, resetExpiresAt: null },
		});
		if (count === 0) {
			throw new AppError(
				"conflict",
				"This link was used or replaced a moment ago. Sign in, or ask an administrator for a new one.",
			);
		}
		await tx.account.updateMany({
			where: { userId: id, providerId: "credential" },
			data: { password: hash },
		});
		await tx.session.deleteMany({ where: { userId: id } });
		await writeAudit(
			tx,
			clock,
			{ actor: `user:${id}`, actorName: email, ...from },
			{ action: "account.reset-password", target: email },
		);
	});
	return { email };
}
