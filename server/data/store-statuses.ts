import type { Block, Plan } from "../domain/cache/model.ts";
import { Prisma, type Transaction } from "./database.ts";

/** A cache's columns that say how it is, for the generation that its plan has seen. */
export interface StoredStatus
	extends Pick<Plan, "status" | "statusReason" | "progress" | "becameAvailable" | "resized"> {
	readonly id: string;
	readonly generation: number;
	readonly blocks: readonly Block[];
}

/**
 * Stores the statuses of many caches, and returns the ids of those that had the expected generation. The others stay as
 * they are: a deletion was requested after they had been read.
 */
export async function storeStatuses(
	tx: Transaction,
	statuses: readonly StoredStatus[],
	now: Date,
): Promise<Set<string>> {
	const rows = statuses.map(({ id, generation, status, statusReason, progress, blocks }) => ({
		...{ id, generation, status, statusReason, progress, blocks },
	}));
	const stored = await tx.$queryRaw<{ id: string }[]>`
		WITH own AS (
			SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS own("id" text,
				"generation" int, "status" text, "statusReason" text, "progress" jsonb, "blocks" jsonb)
		), held AS (
			SELECT "id" FROM "Cache" WHERE "id" IN (SELECT "id" FROM own)
			ORDER BY "id" FOR NO KEY UPDATE
		)
		UPDATE "Cache" AS cache
		SET "status" = own."status", "statusReason" = own."statusReason",
			"progress" = own."progress", "blocks" = own."blocks"
		FROM own JOIN held USING ("id")
		WHERE cache."id" = own."id" AND cache."generation" = own."generation"
		RETURNING cache."id"`;
	const ids = new Set(stored.map(({ id }) => id));
	const whose = (is: (status: StoredStatus) => boolean) =>
		statuses.filter((each) => ids.has(each.id) && is(each)).map(({ id }) => id);
	const available = whose(({ becameAvailable }) => becameAvailable);
	if (available.length > 0) {
		await tx.cache.updateMany({ where: { id: { in: available } }, data: { availableAt: now } });
	}
	const resized = whose((each) => each.resized);
	if (resized.length > 0) {
		await tx.cache.updateMany({
			where: { id: { in: resized } },
			data: { resizedFrom: Prisma.DbNull },
		});
	}
	return ids;
}
