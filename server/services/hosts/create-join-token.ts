import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { createdJoinTokenSchema, createJoinTokenInputSchema } from "../../contract/host.ts";
import { joinCommand, joinSteps, reachWarning } from "../../domain/fleet/join-steps.ts";
import { findSource } from "../../platform/find-source.ts";
import { findProjectRoot } from "../../platform/project-root.ts";
import { randomSecret, sha256Hex } from "../../platform/secrets.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { toJoinTokenView } from "./join-token-view.ts";

const PREFIX_LENGTH = "larder_join_".length + 6;
const HOUR_MS = 3_600_000;

/**
 * A token that lets a number of hosts enroll until it expires. `url` is where the new host reaches this control plane.
 * The secret is only in this response: the database keeps its hash.
 */
export async function createJoinToken(
	resources: Resources,
	caller: Caller,
	input: z.output<typeof createJoinTokenInputSchema>,
	url: string,
): Promise<z.infer<typeof createdJoinTokenSchema>> {
	const id = randomUUID();
	const source = findSource(findProjectRoot());
	return mutate(resources, caller, {
		action: "join-token.create",
		// Not its id: a repeated call would generate another one.
		target: "join token",
		nameOf: ({ prefix }) => `${prefix}…`,
		input,
		run: async (tx) => {
			const token = `larder_join_${randomSecret()}`;
			const createdAt = resources.clock.now();
			const row = await tx.joinToken.create({
				data: {
					id,
					prefix: token.slice(0, PREFIX_LENGTH),
					hash: sha256Hex(token),
					createdAt,
					expiresAt: new Date(createdAt.getTime() + input.expiresInHours * HOUR_MS),
					createdBy: caller.name,
					maxUses: input.uses,
				},
			});
			return {
				...toJoinTokenView(row, [], createdAt),
				token,
				command: joinCommand(url, token),
				steps: joinSteps({ url, token, version: resources.version, source }),
				reachWarning: reachWarning(url),
			};
		},
	});
}
