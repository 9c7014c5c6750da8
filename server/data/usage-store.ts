import type { Engine } from "../contract/enums.ts";
import type { RateCard } from "../contract/rate-card.ts";
import { NOTHING_USED, plus, serverlessCost, type Used } from "../domain/metering/cost.ts";
import { USAGE_SPANS } from "../domain/metering/spans.ts";
import { type Database, Prisma, type Transaction } from "./database.ts";
import { readCostFactor } from "./rate-card-store.ts";

/** Something to add to a cache's usage in a minute, or in an hour that isn't known by the minute. */
export interface UsageAddition {
	readonly cacheId: string;
	readonly at: Date;
	readonly spanSeconds: number;
	readonly used: Used;
	/** Cost of its nodes, by today's rate card. */
	readonly nodeCost: number;
	/** The engine of a serverless cache, which is billed for storage and ECPUs; null for others. */
	readonly serverless: Engine | null;
}

export interface UsageRow extends Used {
	readonly cacheId: string;
	readonly at: Date;
	readonly cost: number;
}

const SPANS: readonly number[] = USAGE_SPANS.map(({ seconds }) => seconds);

/** Adds usage, with its cost, to its own span and to the coarser ones. */
export async function addUsage(
	tx: Transaction,
	card: RateCard,
	additions: readonly UsageAddition[],
): Promise<void> {
	const sums = sumBySpan(additions);
	if (sums.length === 0) return;
	const factor = await readCostFactor(tx);
	const before = await readLeaves(
		tx,
		sums.filter(({ serverless }) => serverless !== null),
	);
	const rows = sums.map((sum) => {
		const held = before.get(keyOf(sum)) ?? NOTHING_USED;
		const { serverless, used } = sum;
		// A minimum applies to the whole span, so its cost can't be added up from parts.
		const metered =
			serverless === null
				? 0
				: serverlessCost(plus(held, used), serverless, card) -
					serverlessCost(held, serverless, card);
		return { ...sum, cost: (sum.nodeCost + metered) / factor };
	});
	const numbers = (pick: (row: (typeof rows)[number]) => number) =>
		Prisma.sql`${rows.map(pick)}::float8[]`;
	await tx.$executeRaw`
		INSERT INTO "CacheUsage" AS old
			("cacheId", "spanSeconds", "at", "storedByteSeconds", "ecpus", "nodeSeconds", "cacheSeconds", "cost")
		SELECT "cacheId", span,
			to_timestamp(floor(extract(epoch FROM "at") / span) * span) AT TIME ZONE 'UTC',
			sum(stored), sum(ecpus), sum(nodes), sum(existed), sum(cost)
		FROM unnest(${rows.map(({ cacheId }) => cacheId)}::text[],
				${rows.map(({ spanSeconds }) => spanSeconds)}::int[],
				${rows.map(({ at }) => at)}::timestamp[],
				${numbers(({ used }) => used.storedByteSeconds)}, ${numbers(({ used }) => used.ecpus)},
				${numbers(({ used }) => used.nodeSeconds)}, ${numbers(({ used }) => used.cacheSeconds)},
				${numbers(({ cost }) => cost)})
			AS t("cacheId", leaf, "at", stored, ecpus, nodes, existed, cost)
		JOIN unnest(${[...SPANS]}::int[]) AS span ON span >= leaf
		GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
		ON CONFLICT ("cacheId", "spanSeconds", "at") DO UPDATE SET
			"storedByteSeconds" = old."storedByteSeconds" + excluded."storedByteSeconds",
			"ecpus" = old."ecpus" + excluded."ecpus",
			"nodeSeconds" = old."nodeSeconds" + excluded."nodeSeconds",
			"cacheSeconds" = old."cacheSeconds" + excluded."cacheSeconds",
			"cost" = old."cost" + excluded."cost"`;
}

function keyOf({
	cacheId,
	at,
	spanSeconds,
}: Pick<UsageAddition, "cacheId" | "at" | "spanSeconds">) {
	return `${cacheId} ${spanSeconds} ${at.getTime()}`;
}

function sumBySpan(additions: readonly UsageAddition[]): UsageAddition[] {
	const sums = new Map<string, UsageAddition>();
	for (const addition of additions) {
		const key = keyOf(addition);
		const held = sums.get(key);
		sums.set(
			key,
			held === undefined
				? addition
				: {
						...held,
						used: plus(held.used, addition.used),
						nodeCost: held.nodeCost + addition.nodeCost,
					},
		);
	}
	return [...sums.values()];
}

async function readLeaves(
	tx: Transaction,
	keys: readonly UsageAddition[],
): Promise<Map<string, Used>> {
	if (keys.length === 0) return new Map();
	const rows = await tx.$queryRaw<(Used & { cacheId: string; at: Date; spanSeconds: number })[]>`
		SELECT u.* FROM "CacheUsage" AS u
		JOIN unnest(${keys.map(({ cacheId }) => cacheId)}::text[],
			${keys.map(({ spanSeconds }) => spanSeconds)}::int[],
			${keys.map(({ at }) => at)}::timestamp[]) AS k("cacheId", "spanSeconds", "at")
			USING ("cacheId", "spanSeconds", "at")`;
	return new Map(rows.map((row) => [keyOf(row), row]));
}

/** Usage of caches from `from` until before `to`, oldest first; of all caches if `cacheIds` is null. */
export async function readUsage(
	db: Database | Transaction,
	query: { cacheIds: readonly string[] | null; spanSeconds: number; from: Date; to: Date },
): Promise<UsageRow[]> {
	const { cacheIds, spanSeconds, from, to } = query;
	const factor = await readCostFactor(db);
	const rows = await db.cacheUsage.findMany({
		where: {
			...(cacheIds !== null && { cacheId: { in: [...cacheIds] } }),
			spanSeconds,
			at: { gte: from, lt: to },
		},
		orderBy: [{ at: "asc" }, { cacheId: "asc" }],
	});
	return rows.map((row) => ({ ...row, cost: row.cost * factor }));
}

/** For how long the newest reading of a process that is gone is kept: a report with an older one may still come. */
const PROCESS_KEPT_MS = 2 * 86_400_000;

/** Deletes usage that is older than its span is kept for, and what nothing refers to any more. */
export async function expireUsage(db: Database, now: Date): Promise<void> {
	for (const { seconds, keepSeconds } of USAGE_SPANS) {
		const before = new Date(now.getTime() - keepSeconds * 1_000);
		await db.cacheUsage.deleteMany({ where: { spanSeconds: seconds, at: { lt: before } } });
	}
	await db.$executeRaw`
		DELETE FROM "MeteredCache" AS m WHERE m."deletedAt" IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM "CacheUsage" AS u WHERE u."cacheId" = m."id")`;
	// The newest process of a node that exists stays: it may still run, however long it hasn't been heard of.
	await db.$executeRaw`
		DELETE FROM "MeteredProcess" AS p WHERE p."at" < ${new Date(now.getTime() - PROCESS_KEPT_MS)}
			AND (NOT EXISTS (SELECT 1 FROM "Node" AS n WHERE n."id" = p."nodeId")
				OR EXISTS (SELECT 1 FROM "MeteredProcess" AS later
					WHERE later."nodeId" = p."nodeId" AND later."at" > p."at"))`;
}
