import type { Database, Prisma } from "./database.ts";
import type { StoredObservation } from "./stored-observation.ts";

/**
 * Stores the newest observations of nodes, by their ids. One statement stores those that nothing else has locked: with a
 * lock on one node, it mustn't wait for another (data/row-locks.ts). The others follow one by one.
 */
export async function storeObservations(
	db: Database,
	observations: ReadonlyMap<string, StoredObservation>,
): Promise<void> {
	const waiting = new Map(observations);
	if (waiting.size > 1) {
		const stored = await db.$queryRaw<{ id: string }[]>`
			WITH own AS (
				SELECT * FROM unnest(${[...waiting.keys()]}::text[],
					${[...waiting.values()].map((each) => JSON.stringify(each))}::text[]) AS t("id", "text")
			), free AS (
				SELECT "id" FROM "Node" WHERE "id" IN (SELECT "id" FROM own) FOR NO KEY UPDATE SKIP LOCKED
			)
			UPDATE "Node" SET "observation" = own."text"::jsonb
			FROM own JOIN free USING ("id") WHERE "Node"."id" = own."id"
			RETURNING "Node"."id"`;
		for (const { id } of stored) waiting.delete(id);
	}
	for (const [id, observation] of waiting) {
		await db.node.updateMany({
			where: { id },
			data: { observation: observation as Prisma.InputJsonObject },
		});
	}
}
