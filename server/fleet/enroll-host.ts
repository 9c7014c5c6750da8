import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { enrollInputSchema } from "../contract/agent.ts";
import { AppError } from "../contract/errors.ts";
import { isUniqueViolation, type Prisma, type Transaction } from "../data/database.ts";
import { recordEvent } from "../data/record-event.ts";
import { type RequestOrigin, writeAudit } from "../data/write-audit.ts";
import { sha256Hex } from "../platform/secrets.ts";
import type { Resources } from "../services/context.ts";
import { statusOfJoinToken } from "../services/hosts/join-token-view.ts";
import { settleRoutes } from "../services/route-hosts.ts";

/**
 * Admits a host, which uses up one use of its token. An agent that repeats its call (it died before it got
 * the answer) is the same host. Throws `unauthenticated` for a token that admits no host, `forbidden` for the
 * identity of a removed or another host, `already_exists` for another host's name.
 */
export async function enrollHost(
	resources: Resources,
	input: z.output<typeof enrollInputSchema>,
	from: RequestOrigin = { requestId: "agent", address: null },
): Promise<{ hostId: string }> {
	const { db, clock } = resources;
	const columns = {
		name: input.name,
		zone: input.zone,
		credentialHash: sha256Hex(input.credential),
		...factColumns(input.facts),
	};
	try {
		const result = await db.$transaction(async (tx) => {
			const token = await tx.joinToken.findUnique({ where: { hash: sha256Hex(input.joinToken) } });
			const known = await tx.host.findUnique({ where: { agentId: input.agentId } });
			if (known !== null) {
				if (known.credentialHash !== columns.credentialHash) throw foreignIdentity();
				await tx.host.update({ where: { id: known.id }, data: columns });
				if (token === null || token.id !== known.joinTokenId)
					await useToken(tx, token, clock.now());
				return { hostId: known.id };
			}
			const joinTokenId = requireUsable(token, clock.now());
			await refuseRemoved(tx, input.agentId, columns.credentialHash);
			const id = randomUUID();
			await tx.host.create({
				data: { id, agentId: input.agentId, joinedAt: clock.now(), joinTokenId, ...columns },
			});
			await useToken(tx, token, clock.now());
			await recordEvent(tx, clock, {
				severity: "info",
				type: "host.joined",
				message: `Host ${input.name} joined in zone ${input.zone}.`,
				hostName: input.name,
			});
			await writeAudit(
				tx,
				clock,
				{ actor: `host:${id}`, actorName: input.name, ...from },
				{ action: "host.join", target: input.name },
			);
			return { hostId: id };
		});
		resources.fleet.credentials.set(columns.credentialHash, result.hostId);
		await settleRoutes(resources);
		return result;
	} catch (error) {
		if (!isUniqueViolation(error)) throw error;
		throw new AppError(
			"already_exists",
			`A host named ${input.name} already exists. Start the agent with another --name.`,
			{ field: "name", cause: error },
		);
	}
}

type Token = Prisma.JoinTokenGetPayload<object> | null;

/** Returns the token's id, before anything is written. */
function requireUsable(token: Token, now: Date): string {
	if (token === null || statusOfJoinToken(token, now) !== "active") throw unusable(token, now);
	return token.id;
}

/** Counts one use of the token, and never more than it allows, even if two hosts join at the same time. */
async function useToken(tx: Transaction, token: Token, now: Date): Promise<void> {
	const { count } = await tx.joinToken.updateMany({
		where: {
			...{ id: requireUsable(token, now), revokedAt: null, expiresAt: { gt: now } },
			uses: { lt: token?.maxUses ?? 0 },
		},
		data: { uses: { increment: 1 } },
	});
	if (count === 0) throw unusable(token, now);
}

function unusable(token: Token, now: Date): AppError {
	const status = token === null ? "unknown" : statusOfJoinToken(token, now);
	const why = { unknown: "is unknown", active: "is used up", ...INACTIVE }[status];
	return new AppError(
		"unauthenticated",
		`This join token ${why}. Make a new one in the console under Hosts, or with larder hosts join-token.`,
		{ field: "joinToken" },
	);
}

const INACTIVE = { used: "is used up", expired: "has expired", revoked: "was revoked" } as const;

async function refuseRemoved(
	tx: Transaction,
	agentId: string,
	credentialHash: string,
): Promise<void> {
	const removed = await tx.removedHost.findFirst({
		where: { OR: [{ agentId }, { credentialHash }] },
	});
	if (removed === null) return;
	throw new AppError(
		"forbidden",
		`Host ${removed.name} was removed on ${removed.removedAt.toISOString()}, and Larder won't accept its identity again. With a new join token, the machine can join as a new host.`,
		{ field: "agentId" },
	);
}

function foreignIdentity(): AppError {
	return new AppError(
		"forbidden",
		"Another host already has this identity. Two agents must not share one agent's files: delete identity.json in the copied directory.",
		{ field: "agentId" },
	);
}

/** An agent's facts about its host, as columns. */
export function factColumns(facts: z.output<typeof enrollInputSchema>["facts"]) {
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
