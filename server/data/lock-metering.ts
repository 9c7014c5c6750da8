import type { Transaction } from "./database.ts";

/**
 * Since when usage is metered, and until when node-hours have been added up; null before the first time. Others who add
 * usage or change the rate card wait until the transaction ends: what a minimum adds depends on what is stored, and a new
 * currency must convert every cost.
 */
export async function lockMetering(
	tx: Transaction,
): Promise<{ startedAt: Date; nodesUntil: Date } | null> {
	const [row] = await tx.$queryRaw<{ startedAt: Date; nodesUntil: Date }[]>`
		SELECT "startedAt", "nodesUntil" FROM "Metering" WHERE "id" = 1 FOR NO KEY UPDATE`;
	return row ?? null;
}
