import { AppError } from "../contract/errors.ts";
import { Prisma, type Transaction } from "../data/database.ts";
import { writeAudit } from "../data/write-audit.ts";
import { sha256Hex } from "../platform/secrets.ts";
import { auditOrigin } from "./audit-origin.ts";
import type { Caller, Resources } from "./context.ts";

export interface Mutation<T> {
	/** Recorded in the audit log, such as cache.create. */
	action: string;
	target: string;
	/** Shown in the audit log instead of a target that means nothing to people, such as an id. */
	nameOf?(response: T): string;
	/** The input: the same idempotency key with other input is refused. */
	input: unknown;
	run(tx: Transaction, after: (commit: () => void) => void): Promise<T>;
}

/**
 * Runs a change with its audit row in one transaction, at most once per idempotency key. A repeated call gets the first
 * one's response; responses may contain secrets and are stored sealed. What `run` passes to `after` (wake-ups) happens
 * once the change is visible.
 */
export async function mutate<T>(
	resources: Resources,
	caller: Caller,
	mutation: Mutation<T>,
): Promise<T> {
	const commits: (() => void)[] = [];
	const result = await resources.db.$transaction(async (tx) => {
		const replay = await claimKey(resources, caller, mutation, tx);
		if (replay !== null) return replay.response as T;
		const response = await mutation.run(tx, (commit) => commits.push(commit));
		const { action } = mutation;
		const target = mutation.nameOf?.(response) ?? mutation.target;
		await writeAudit(tx, resources.clock, auditOrigin(caller), { action, target });
		if (caller.idempotencyKey !== null) {
			await tx.idempotencyKey.updateMany({
				where: { actor: caller.actor, key: caller.idempotencyKey },
				data: { response: resources.secrets.seal(JSON.stringify(response), "idempotency") },
			});
		}
		return response;
	});
	for (const commit of commits) commit();
	return result;
}

/** Null if the key is ours to use; the stored response if the same request used it before. */
async function claimKey<T>(
	{ secrets, clock }: Resources,
	caller: Caller,
	mutation: Mutation<T>,
	tx: Transaction,
): Promise<{ response: unknown } | null> {
	if (caller.idempotencyKey === null) return null;
	const id = { actor: caller.actor, key: caller.idempotencyKey };
	const requestHash = sha256Hex(JSON.stringify([mutation.action, mutation.target, mutation.input]));
	// Waits for another transaction with the same key, so that of two concurrent calls only one runs.
	const inserted = await tx.$executeRaw(Prisma.sql`
		INSERT INTO "IdempotencyKey" ("actor", "key", "procedure", "requestHash", "createdAt")
		VALUES (${id.actor}, ${id.key}, ${mutation.action}, ${requestHash}, ${clock.now()})
		ON CONFLICT DO NOTHING`);
	if (inserted === 1) return null;
	const held = await tx.idempotencyKey.findUniqueOrThrow({ where: { actor_key: id } });
	if (held.requestHash !== requestHash) {
		throw new AppError(
			"idempotency_mismatch",
			"This Idempotency-Key was used for another request. Send a new key with a new request.",
			{ field: "Idempotency-Key" },
		);
	}
	if (typeof held.response !== "string") {
		throw new AppError("internal", "The stored response for this Idempotency-Key can't be read.");
	}
	return { response: JSON.parse(secrets.open(held.response, "idempotency")) };
}
