import { AppError, RESET_HOURS, type User } from "../../contract/index.ts";
import { randomSecret, sha256Hex } from "../../platform/secrets.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findUser, type UserRow, WITH_TOKENS } from "./find-user.ts";
import { toUserView } from "./user-view.ts";

const HOUR_MS = 3_600_000;

/**
 * Creates a one-time link with which a user who forgot the password can set a new one. A new link replaces the former
 * one. The password and the sessions stay until the link is used. Only the link's hash is stored. `conflict` for open
 * invitations, disabled users and the caller's own account.
 */
export async function createPasswordReset(
	resources: Resources,
	caller: Caller,
	input: { user: string },
	origin: string,
): Promise<User & { link: string }> {
	const { clock } = resources;
	return mutate(resources, caller, {
		action: "user.reset-password",
		target: input.user,
		nameOf: ({ email }) => email,
		input,
		run: async (tx) => {
			const user = await findUser(tx, input.user);
			requireResettable(caller, user);
			const token = randomSecret();
			const now = clock.now();
			const row = await tx.user.update({
				where: { id: user.id },
				data: {
					resetHash: sha256Hex(token),
					resetExpiresAt: new Date(now.getTime() + RESET_HOURS * HOUR_MS),
				},
				include: WITH_TOKENS,
			});
			return { ...toUserView(row, now), link: `${origin}/reset-password?token=${token}` };
		},
	});
}

function requireResettable(caller: Caller, user: UserRow): void {
	const obstacle = obstacleOf(caller, user);
	if (obstacle !== null) throw new AppError("conflict", obstacle, { field: "user" });
}

function obstacleOf(caller: Caller, user: UserRow): string | null {
	if (user.inviteHash !== null) {
		return `${user.email} hasn't accepted the invitation. Invite the address again to get a new link.`;
	}
	if (user.disabledAt !== null) {
		return `${user.email} is disabled. Enable the user first, then reset the password.`;
	}
	// A stolen session or token would otherwise be enough to take the account over for good.
	if (user.id === caller.userId) {
		return "This is your own account. Change your password on the Account page. If you forgot it, ask another administrator, or run larder users reset-password on the control plane's machine.";
	}
	return null;
}
