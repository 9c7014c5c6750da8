import type { z } from "zod";
import { AppError } from "../contract/errors.ts";
import type { acceptInvitationInputSchema } from "../contract/index.ts";
import { findPasswordWeakness } from "../contract/password.ts";
import { type RequestOrigin, writeAudit } from "../data/write-audit.ts";
import { sha256Hex } from "../platform/secrets.ts";
import type { Resources } from "../services/context.ts";
import { addPassword } from "./add-password.ts";
import type { Sessions } from "./sessions.ts";

/** The user that a link invites. Throws `unauthenticated` if the link is unknown, used, replaced or expired. */
export async function findInvitation(
	{ db, clock }: Resources,
	inviteToken: string,
): Promise<{ id: string; email: string; role: string }> {
	const user = await db.user.findUnique({ where: { inviteHash: sha256Hex(inviteToken) } });
	if (user?.inviteExpiresAt != null && user.inviteExpiresAt > clock.now()) return user;
	throw new AppError(
		"unauthenticated",
		"This invitation no longer works: it was used, replaced or withdrawn, or it has expired. Ask an administrator for a new link.",
		{ field: "inviteToken" },
	);
}

/** Gives the invited person a name and a password, once. */
export async function acceptInvitation(
	resources: Resources,
	sessions: Sessions,
	input: z.output<typeof acceptInvitationInputSchema>,
	from: RequestOrigin,
): Promise<{ email: string }> {
	const { db, clock } = resources;
	const { id, email } = await findInvitation(resources, input.inviteToken);
	const weakness = findPasswordWeakness(input.password, [input.name, email]);
	if (weakness !== null) {
		throw new AppError("invalid_argument", `password ${weakness}`, { field: "password" });
	}
	const { password: passwords } = await sessions.$context;
	const hash = await passwords.hash(input.password);
	await db.$transaction(async (tx) => {
		// If two people use the link at the same time, only one update finds it.
		const { count } = await tx.user.updateMany({
			where: { id, inviteHash: sha256Hex(input.inviteToken) },
			data: { name: input.name, emailVerified: true, inviteHash: null, inviteExpiresAt: null },
		});
		if (count === 0) {
			throw new AppError("conflict", "This invitation was used a moment ago. Sign in instead.");
		}
		await addPassword(tx, id, hash);
		await writeAudit(
			tx,
			clock,
			{ actor: `user:${id}`, actorName: email, ...from },
			{ action: "user.accept-invitation", target: email },
		);
	});
	return { email };
}
