import { AUDIT_KEPT, PORT_QUARANTINE_MS } from "../contract/limits.ts";
import { SAMPLES_KEPT_SECONDS } from "../domain/metrics/resolutions.ts";
import { expireAcceleratorSamples } from "./accelerator-samples.ts";
import type { Database } from "./database.ts";
import { expireSamples } from "./metrics-store.ts";
import { expireUsage } from "./usage-store.ts";

const DAY_MS = 86_400_000;
const KEEP_DAYS = { events: 14, operations: 14, decisions: 90, idempotencyKeys: 1, joinTokens: 1 };

/**
 * Drops what has outlived its use: metrics and usage by resolution, events and ended operations after 14 days, scaling
 * decisions after 90, answers kept for repeated calls after one day, audit entries after a year.
 */
export async function expireRecords(db: Database, now: Date): Promise<void> {
	const before = (days: number) => new Date(now.getTime() - days * DAY_MS);
	await expireSamples(db, now);
	await expireAcceleratorSamples(db, now);
	await expireUsage(db, now);
	// None of their samples are left.
	await db.departedNode.deleteMany({
		where: { leftAt: { lt: new Date(now.getTime() - SAMPLES_KEPT_SECONDS * 1_000) } },
	});
	await db.operation.deleteMany({ where: { endedAt: { lt: before(KEEP_DAYS.operations) } } });
	await db.scalingDecision.deleteMany({ where: { at: { lt: before(KEEP_DAYS.decisions) } } });
	await db.event.deleteMany({ where: { at: { lt: before(KEEP_DAYS.events) } } });
	await expireAudit(db, before(AUDIT_KEPT.days));
	await db.idempotencyKey.deleteMany({
		where: { createdAt: { lt: before(KEEP_DAYS.idempotencyKeys) } },
	});
	await db.releasedPort.deleteMany({
		where: { releasedAt: { lt: new Date(now.getTime() - PORT_QUARANTINE_MS) } },
	});
	await db.joinToken.deleteMany({
		where: { expiresAt: { lt: before(KEEP_DAYS.joinTokens) } },
	});
}

/** Drops audit entries from before `oldest`, and the oldest ones beyond `most`. */
export async function expireAudit(
	db: Database,
	oldest: Date,
	most: number = AUDIT_KEPT.entries,
): Promise<void> {
	await db.auditEntry.deleteMany({ where: { at: { lt: oldest } } });
	const beyond = await db.auditEntry.findFirst({
		orderBy: [{ at: "desc" }, { id: "desc" }],
		skip: most,
		select: { at: true, id: true },
	});
	if (beyond === null) return;
	const { at, id } = beyond;
	await db.auditEntry.deleteMany({ where: { OR: [{ at: { lt: at } }, { at, id: { lte: id } }] } });
}
