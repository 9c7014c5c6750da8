import { randomUUID } from "node:crypto";
import type { AuditOutcome } from "../contract/audit.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database, Prisma, Transaction } from "./database.ts";

export interface RequestOrigin {
	requestId: string;
	/** Of the client; null for what no request caused. */
	address: string | null;
}

/** Who did something, and in which request. */
export interface AuditOrigin extends RequestOrigin {
	/** Stable, such as user:<id>. */
	actor: string;
	/** What people call the actor. */
	actorName: string;
}

export interface AuditFact {
	/** Such as cache.create. */
	action: string;
	/** Name of what it was done to. Never a secret. */
	target: string;
	/** succeeded when absent */
	outcome?: AuditOutcome;
	/** What else an operator should know. Never a secret. */
	details?: Prisma.InputJsonObject;
}

/** Writes an entry of the audit log, in the transaction of the change where there is one. */
export async function writeAudit(
	db: Database | Transaction,
	clock: Clock,
	{ actor, actorName, requestId, address }: AuditOrigin,
	fact: AuditFact,
): Promise<void> {
	await db.auditEntry.createMany({
		data: {
			...{ id: randomUUID(), at: clock.now(), actor, actorName, requestId, address },
			outcome: "succeeded",
			...fact,
		},
	});
}
