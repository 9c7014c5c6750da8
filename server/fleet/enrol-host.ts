import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { enrolInputSchema } from "../contract/agent.ts";
import { AppError } from "../contract/errors.ts";
import { isUniqueViolation } from "../data/database.ts";
import { recordEvent } from "../data/record-event.ts";
import { sha256Hex } from "../platform/secrets.ts";
import { bumpRouteTable, wakeGateways } from "../services/bump-hosts.ts";
import type { Resources } from "../services/context.ts";

/**
 * Lets a host in. An agent that repeats itself (it died before it heard the answer) is the same host.
 * `unauthenticated` for a token that is unknown or has expired, `already_exists` for another agent's name.
 */
export async function enrolHost(
	resources: Resources,
	input: z.output<typeof enrolInputSchema>,
): Promise<{ hostId: string }> {
	const { db, clock } = resources;
	const token = await db.joinToken.findUnique({ where: { hash: sha256Hex(input.joinToken) } });
	if (token === null || token.expiresAt <= clock.now()) {
		throw new AppError(
			"unauthenticated",
			"This join token is unknown or has expired. Make a new one in the console under Hosts, or with larder hosts join-token.",
			{ field: "joinToken" },
		);
	}
	const columns = {
		name: input.name,
		zone: input.zone,
		credentialHash: sha256Hex(input.credential),
		...factColumns(input.facts),
	};
	try {
		const result = await db.$transaction(async (tx) => {
			const known = await tx.host.findUnique({ where: { agentId: input.agentId } });
			if (known !== null) {
				await tx.host.update({ where: { id: known.id }, data: columns });
				return { hostId: known.id };
			}
			const id = randomUUID();
			await tx.host.create({
				data: { id, agentId: input.agentId, joinedAt: clock.now(), ...columns },
			});
			await recordEvent(tx, clock, {
				severity: "info",
				type: "host.joined",
				message: `Host ${input.name} joined in zone ${input.zone}.`,
				hostName: input.name,
			});
			await bumpRouteTable(tx);
			return { hostId: id };
		});
		resources.fleet.forgetCredentials();
		wakeGateways(resources);
		return result;
	} catch (error) {
		if (!isUniqueViolation(error)) throw error;
		throw new AppError(
			"already_exists",
			`Another host is named ${input.name}. Start the agent with another --name.`,
			{ field: "name", cause: error },
		);
	}
}

/** What an agent says of its host, as columns. */
export function factColumns(facts: z.output<typeof enrolInputSchema>["facts"]) {
	return {
		bindAddress: facts.bindAddress,
		advertisedAddress: facts.advertisedAddress,
		agentVersion: facts.agentVersion,
		cpus: facts.cpus,
		memoryBytes: BigInt(facts.memoryBytes),
		engines: facts.engines,
		limits: facts.limits,
	};
}
