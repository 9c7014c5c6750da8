import { randomUUID } from "node:crypto";
import type { z } from "zod";
import {
	AppError,
	INVITE_DAYS,
	type inviteUserInputSchema,
	type User,
} from "../../contract/index.ts";
import { randomSecret, sha256Hex } from "../../platform/secrets.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { WITH_TOKENS } from "./find-user.ts";
import { toUserView } from "./user-view.ts";

const DAY_MS = 86_400_000;

/**
 * Creates a one-time link with which a person sets a name and a password. An address that was invited and hasn't
 * accepted gets a new link, and the old one stops working. `already_exists` for a user's address. Only the link's hash
 * is stored.
 */
export async function inviteUser(
	resources: Resources,
	caller: Caller,
	input: z.output<typeof inviteUserInputSchema>,
	origin: string,
): Promise<User & { link: string }> {
	const { clock } = resources;
	return mutate(resources, caller, {
		action: "user.invite",
		target: input.email,
		input,
		run: async (tx) => {
			const token = randomSecret();
			const now = clock.now();
			const known = await tx.user.findUnique({ where: { email: input.email } });
			if (known !== null && known.inviteHash === null) {
				throw new AppError("already_exists", `${input.email} is already a user.`, {
					field: "email",
				});
			}
			const invitation = {
				role: input.role,
				inviteHash: sha256Hex(token),
				inviteExpiresAt: new Date(now.getTime() + INVITE_DAYS * DAY_MS),
			};
			const row = await tx.user.upsert({
				where: { email: input.email },
				create: {
					...{ id: randomUUID(), name: "", email: input.email, createdAt: now },
					...invitation,
				},
				update: invitation,
				include: WITH_TOKENS,
			});
			return { ...toUserView(row, now), link: `${origin}/invite?token=${token}` };
		},
	});
}
