import type { Transaction } from "./database.ts";

/** Stores which hosts serve and watch caches, and the revision of their routes, in one statement. */
export async function storeRouteHosts(
	tx: Transaction,
	routeRevision: number,
	choices: readonly { id: string; servedByHostIds: string[]; sentinelHostIds: string[] }[],
): Promise<void> {
	await tx.$executeRaw`
		UPDATE "Cache" AS cache
		SET "routeRevision" = ${routeRevision},
			"servedByHostIds" = chosen."servedByHostIds",
			"sentinelHostIds" = chosen."sentinelHostIds"
		FROM jsonb_to_recordset(${JSON.stringify(choices)}::jsonb)
			AS chosen("id" text, "servedByHostIds" text[], "sentinelHostIds" text[])
		WHERE cache."id" = chosen."id"`;
}
