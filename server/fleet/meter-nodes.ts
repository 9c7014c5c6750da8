import { engineSchema } from "../contract/enums.ts";
import { nodeHourlyCost } from "../contract/node-price.ts";
import { writeInCharge } from "../data/charge.ts";
import type { Transaction } from "../data/database.ts";
import { lockMetering } from "../data/lock-metering.ts";
import { readRateCard } from "../data/rate-card-store.ts";
import { isServerless } from "../data/serverless-rows.ts";
import { addUsage } from "../data/usage-store.ts";
import { NOTHING_USED } from "../domain/metering/cost.ts";
import { divide } from "../domain/metering/spans.ts";
import type { Resources } from "../services/context.ts";

interface CountedNodes {
	cacheId: string;
	engine: string;
	nodeType: string;
	memoryBytes: bigint;
	nodes: number;
}

/**
 * Adds node-hours since the last time, for the nodes that caches have now. Nothing adds or removes nodes while no
 * control plane runs, so the time of an outage counts like any other.
 */
export async function meterNodes(resources: Resources): Promise<void> {
	const now = resources.clock.now();
	await writeInCharge(resources, async (tx) => {
		const { nodesUntil } =
			(await lockMetering(tx)) ??
			(await tx.metering.create({ data: { id: 1, startedAt: now, nodesUntil: now } }));
		await noteCaches(tx, now);
		// The clock was set back: until it has caught up, the time has been counted already.
		if (nodesUntil >= now) return;
		await addNodeHours(tx, nodesUntil, now);
		await tx.metering.update({ where: { id: 1 }, data: { nodesUntil: now } });
	});
}

async function addNodeHours(tx: Transaction, since: Date, now: Date): Promise<void> {
	const rateCard = await readRateCard(tx);
	const caches = await tx.cache.findMany({
		select: { id: true, engine: true, kind: true, createdAt: true },
		orderBy: { id: "asc" },
	});
	// A replacement counts once it has taken the place of the node that it replaces.
	const counted = await tx.$queryRaw<CountedNodes[]>`
		SELECT "cacheId", "engine", "nodeType", "memoryBytes", count(*)::int AS "nodes" FROM "Node"
		WHERE "removedAtRevision" IS NULL AND "replacesNodeId" IS NULL
		GROUP BY "cacheId", "engine", "nodeType", "memoryBytes"`;
	const nodesOf = new Map<string, CountedNodes[]>();
	for (const each of counted)
		nodesOf.set(each.cacheId, [...(nodesOf.get(each.cacheId) ?? []), each]);
	const additions = caches.flatMap(({ id: cacheId, engine, kind, createdAt }) => {
		const from = createdAt > since ? createdAt : since;
		if (from >= now) return [];
		const seconds = (now.getTime() - from.getTime()) / 1_000;
		const serverless = isServerless({ kind }) ? engineSchema.parse(engine) : null;
		const own = serverless === null ? (nodesOf.get(cacheId) ?? []) : [];
		const nodes = own.reduce((sum, each) => sum + each.nodes, 0);
		const hourlyCost = own.reduce(
			(sum, each) =>
				sum +
				each.nodes *
					nodeHourlyCost(rateCard, {
						engine: engineSchema.parse(each.engine),
						nodeType: each.nodeType,
						memoryBytes: Number(each.memoryBytes),
					}),
			0,
		);
		return divide(from, now).map(({ share, ...span }) => ({
			...{ ...span, cacheId, serverless },
			used: {
				...NOTHING_USED,
				nodeSeconds: nodes * seconds * share,
				cacheSeconds: seconds * share,
			},
			nodeCost: (hourlyCost * seconds * share) / 3_600,
		}));
	});
	await addUsage(tx, rateCard, additions);
}

/** What usage needs to know of caches after they are deleted. */
async function noteCaches(tx: Transaction, now: Date): Promise<void> {
	await tx.$executeRaw`
		INSERT INTO "MeteredCache" ("id", "name", "engine", "kind", "tags", "createdAt")
		SELECT "id", "name", "engine", "kind", "tags", "createdAt" FROM "Cache" AS c
		WHERE NOT EXISTS (SELECT 1 FROM "MeteredCache" AS m WHERE m."id" = c."id"
			AND (m."engine", m."kind", m."tags") = (c."engine", c."kind", c."tags"))
		ORDER BY "id"
		ON CONFLICT ("id") DO UPDATE SET
			"engine" = excluded."engine", "kind" = excluded."kind", "tags" = excluded."tags"`;
	await tx.$executeRaw`
		UPDATE "MeteredCache" SET "deletedAt" = ${now} WHERE "deletedAt" IS NULL
			AND NOT EXISTS (SELECT 1 FROM "Cache" WHERE "Cache"."id" = "MeteredCache"."id")`;
}
