import { ACCELERATOR_RESOLUTIONS, type AcceleratorSpan } from "../domain/accelerator/samples.ts";
import type { Database } from "./database.ts";

/** Adds to what an accelerator's instances have counted. One that is deleted meanwhile gets nothing. */
export async function addAcceleratorSamples(
	db: Database,
	acceleratorId: string,
	spans: readonly AcceleratorSpan[],
): Promise<void> {
	// In one order, so that reports of two hosts don't wait for each other.
	const rows = spans.toSorted(
		(a, b) => a.resolutionSeconds - b.resolutionSeconds || a.at.getTime() - b.at.getTime(),
	);
	// The accelerator's row is locked before its samples, as a deletion locks them.
	await db.$executeRaw`
		WITH held AS (SELECT "id" FROM "Accelerator" WHERE "id" = ${acceleratorId} FOR KEY SHARE)
		INSERT INTO "AcceleratorSample" AS old ("acceleratorId", "resolutionSeconds", "at", "counts")
		SELECT held."id", new."resolutionSeconds", new."at", new."counts"
		FROM held CROSS JOIN jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
			AS new("resolutionSeconds" int, "at" timestamp, "counts" float8[])
		ON CONFLICT ("acceleratorId", "resolutionSeconds", "at") DO UPDATE SET "counts" = ARRAY(
			SELECT coalesce(held, 0) + coalesce(added, 0)
			FROM unnest(old."counts", excluded."counts") WITH ORDINALITY AS both_counts(held, added, place)
			ORDER BY place)`;
}

/** Oldest first. */
export async function readAcceleratorSamples(
	db: Database,
	query: { acceleratorId: string; resolutionSeconds: number; from: Date },
): Promise<Omit<AcceleratorSpan, "resolutionSeconds">[]> {
	const { acceleratorId, resolutionSeconds, from } = query;
	return await db.acceleratorSample.findMany({
		where: { acceleratorId, resolutionSeconds, at: { gte: from } },
		select: { at: true, counts: true },
		orderBy: { at: "asc" },
	});
}

/** Deletes samples that are older than their resolution is kept for. */
export async function expireAcceleratorSamples(db: Database, now: Date): Promise<void> {
	for (const { seconds, keepSeconds } of ACCELERATOR_RESOLUTIONS) {
		const at = { lt: new Date(now.getTime() - keepSeconds * 1_000) };
		await db.acceleratorSample.deleteMany({ where: { resolutionSeconds: seconds, at } });
	}
}
