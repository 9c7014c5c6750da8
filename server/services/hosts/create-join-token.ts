import { randomUUID } from "node:crypto";
import { randomSecret, sha256Hex } from "../../platform/secrets.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";

/** A token that lets agents enrol until it expires. `url` is where the new host reaches this control plane. */
export async function createJoinToken(
	resources: Resources,
	caller: Caller,
	input: { expiresInHours: number },
	url: string,
): Promise<{ token: string; expiresAt: string; command: string }> {
	const id = randomUUID();
	return mutate(resources, caller, {
		action: "join-token.create",
		target: id,
		input,
		run: async (tx) => {
			const token = `larder_join_${randomSecret()}`;
			const createdAt = resources.clock.now();
			const expiresAt = new Date(createdAt.getTime() + input.expiresInHours * 3_600_000);
			await tx.joinToken.create({
				data: { id, hash: sha256Hex(token), createdAt, expiresAt, createdBy: caller.name },
			});
			return {
				token,
				expiresAt: expiresAt.toISOString(),
				command: `npx larder agent --join ${url} --token ${token} --zone <zone> --address <this host's address>`,
			};
		},
	});
}
