import type { Transaction } from "./database.ts";

/** Marks hosts offline that were last heard at these times. Returns those that exist. */
export function markOffline(
	tx: Transaction,
	hosts: readonly { readonly id: string; readonly at: Date | null }[],
): Promise<{ id: string; name: string; lastSeenAt: Date | null }[]> {
	return tx.$queryRaw`
		WITH held AS (
			SELECT "id" FROM "Host" WHERE "id" = ANY(${hosts.map(({ id }) => id)}::text[])
			ORDER BY "id" FOR NO KEY UPDATE
		)
		UPDATE "Host" AS host SET "online" = false, "lastSeenAt" = seen."at"
		FROM held JOIN unnest(${hosts.map(({ id }) => id)}::text[],
			${hosts.map(({ at }) => at)}::timestamp[]) AS seen("id", "at") USING ("id")
		WHERE host."id" = held."id"
		RETURNING host."id", host."name", host."lastSeenAt"`;
}

/** Counts hosts as lost, unless they are online or count already. Returns the ids of those that are new. */
export async function markLost(
	tx: Transaction,
	hostIds: readonly string[],
	now: Date,
): Promise<Set<string>> {
	const lost = await tx.$queryRaw<{ id: string }[]>`
		WITH held AS (
			SELECT "id" FROM "Host" WHERE "id" = ANY(${[...hostIds]}::text[])
			ORDER BY "id" FOR NO KEY UPDATE
		)
		UPDATE "Host" AS host SET "lostAt" = ${now}::timestamp
		FROM held WHERE host."id" = held."id" AND host."lostAt" IS NULL AND NOT host."online"
		RETURNING host."id"`;
	return new Set(lost.map(({ id }) => id));
}
