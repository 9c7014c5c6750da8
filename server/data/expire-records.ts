import { PORT_QUARANTINE_MS } from "../contract/limits.ts";
import type { Database } from "./database.ts";
import { expireSamples } from "./metrics-store.ts";

const DAY_MS = 86_400_000;
const KEEP_DAYS = { events: 14, idempotencyKeys: 1, joinTokens: 1, audit: 365 };

/** Drops what has outlived its use: metrics by resolution, events after 14 days, answers kept for repeated calls after one. */
export async function expireRecords(db: Database, now: Date): Promise<void> {
	const before = (days: number) => new Date(now.getTime() - days * DAY_MS);
	await expireSamples(db, now);
	await db.event.deleteMany({ where: { at: { lt: before(KEEP_DAYS.events) } } });
	await db.auditEntry.deleteMany({ where: { at: { lt: before(KEEP_DAYS.audit) } } });
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
