import type { CostGrouping } from "../contract/usage.ts";
import type { Segment } from "../domain/metering/spans.ts";
import { type Database, Prisma, type Transaction } from "./database.ts";

/** Stored costs are in the currency of the first rate card. */
const IN_CURRENCY = Prisma.sql`(SELECT coalesce(max("costFactor"), 1) FROM "RateCard")`;

export interface CostSum {
	/** A cache's id, or the group's name; null for caches without the tag. */
	readonly key: string | null;
	readonly storedByteSeconds: number;
	readonly ecpus: number;
	readonly nodeSeconds: number;
	readonly cost: number;
}

function keyOf(groupBy: CostGrouping, tagKey: string | undefined): Prisma.Sql {
	switch (groupBy) {
		case "cache":
			return Prisma.sql`u."cacheId"`;
		case "engine":
			return Prisma.sql`m."engine"`;
		case "tag":
			return Prisma.sql`m."tags" ->> ${tagKey ?? ""}::text`;
		case "day":
			return Prisma.sql`to_char(u."at", 'YYYY-MM-DD')`;
		case "month":
			return Prisma.sql`to_char(u."at", 'YYYY-MM')`;
	}
}

function within(segments: readonly Segment[]): Prisma.Sql {
	const parts = segments.map(
		({ spanSeconds, from, to }) =>
			Prisma.sql`(u."spanSeconds" = ${spanSeconds} AND u."at" >= ${from} AND u."at" < ${to})`,
	);
	return Prisma.sql`(${Prisma.join(parts, " OR ")})`;
}

/** Usage and cost in a period, of all caches or of some, by group. */
export async function sumCosts(
	db: Database | Transaction,
	query: {
		groupBy: CostGrouping;
		tagKey?: string | undefined;
		segments: readonly Segment[];
		cacheIds: readonly string[] | null;
	},
): Promise<CostSum[]> {
	const { cacheIds } = query;
	const only =
		cacheIds === null ? Prisma.empty : Prisma.sql`AND u."cacheId" = ANY(${[...cacheIds]}::text[])`;
	return db.$queryRaw<CostSum[]>`
		SELECT ${keyOf(query.groupBy, query.tagKey)} AS "key",
			sum(u."storedByteSeconds") AS "storedByteSeconds", sum(u."ecpus") AS "ecpus",
			sum(u."nodeSeconds") AS "nodeSeconds", sum(u."cost") * ${IN_CURRENCY} AS "cost"
		FROM "CacheUsage" AS u JOIN "MeteredCache" AS m ON m."id" = u."cacheId"
		WHERE ${within(query.segments)} ${only}
		GROUP BY 1`;
}

/** What caches that exist have cost since `from`, and for how long they existed since. */
export async function recentCosts(
	db: Database | Transaction,
	from: Date,
	cacheIds: readonly string[] | null,
): Promise<{ cost: number; cacheSeconds: number }[]> {
	const only =
		cacheIds === null ? Prisma.empty : Prisma.sql`AND u."cacheId" = ANY(${[...cacheIds]}::text[])`;
	return db.$queryRaw`
		SELECT sum(u."cost") * ${IN_CURRENCY} AS "cost", sum(u."cacheSeconds") AS "cacheSeconds"
		FROM "CacheUsage" AS u JOIN "Cache" AS c ON c."id" = u."cacheId"
		WHERE u."spanSeconds" = 3600 AND u."at" >= ${from} ${only}
		GROUP BY u."cacheId"`;
}

export async function readTagKeys(db: Database | Transaction): Promise<string[]> {
	const rows = await db.$queryRaw<{ key: string }[]>`
		SELECT DISTINCT jsonb_object_keys("tags") AS "key" FROM "MeteredCache"
		WHERE jsonb_typeof("tags") = 'object' ORDER BY 1`;
	return rows.map(({ key }) => key);
}
