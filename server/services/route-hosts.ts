import { isDeepStrictEqual } from "node:util";
import { hasPrimaryEndpoint } from "../data/cache-mapping.ts";
import { writeInCharge } from "../data/charge.ts";
import type { Prisma, Transaction } from "../data/database.ts";
import { storeRouteHosts } from "../data/store-route-hosts.ts";
import { chooseSentinels } from "../domain/placement/choose-sentinels.ts";
import {
	type ServingCandidates,
	servingCandidates,
	servingHosts,
} from "../domain/placement/serving-hosts.ts";
import { readRoutes } from "../fleet/read-routes.ts";
import { wakeForRoutes } from "../fleet/wake-for-routes.ts";
import { oncePer } from "../platform/once-per.ts";
import { SharedRun } from "../platform/shared-run.ts";
import { bumpRouteRevision } from "./bump-hosts.ts";
import type { Resources } from "./context.ts";

/** How many caches one query reads when hosts have come or gone: others can use the database in between. */
const CACHES_AT_ONCE = 100;

const CHOSEN = {
	select: {
		...{ id: true, engine: true, clusterMode: true },
		...{ servedByHostIds: true, sentinelHostIds: true },
		nodes: { where: { removedAtRevision: null }, select: { hostId: true } },
	},
	orderBy: { id: "asc" },
} as const;
type ChosenCache = Prisma.CacheGetPayload<typeof CHOSEN>;

/**
 * Chooses the hosts that serve and watch these caches, and raises their routes' revisions. Must be called in
 * the transaction that changes the hosts of a cache's nodes; the caller must wake the gateways after the commit.
 */
export async function rerouteCaches(tx: Transaction, cacheIds: readonly string[]): Promise<void> {
	const routeRevision = await bumpRouteRevision(tx, cacheIds);
	const candidates = servingCandidates(await presentHosts(tx));
	const caches = await tx.cache.findMany({ where: { id: { in: [...cacheIds] } }, ...CHOSEN });
	const choices = caches.map((cache) => ({ id: cache.id, ...choose(cache, candidates) }));
	await storeRouteHosts(tx, routeRevision, choices);
}

/** Lost hosts serve nothing, and their Sentinels have no vote. */
function presentHosts(tx: Transaction) {
	return tx.host.findMany({
		where: { lostAt: null },
		select: { id: true, zone: true },
		orderBy: { id: "asc" },
	});
}

function choose(cache: ChosenCache, candidates: ServingCandidates) {
	const own = cache.nodes.map((node) => node.hostId);
	const serving = servingHosts({ cacheId: cache.id, own, candidates });
	const held = cache.sentinelHostIds;
	return {
		servedByHostIds: serving.map(({ id }) => id),
		sentinelHostIds: hasPrimaryEndpoint(cache) ? chooseSentinels({ serving, own, held }) : [],
	};
}

/** Whether the same hosts would be chosen for the cache again. */
function fits(cache: ChosenCache, candidates: ServingCandidates): boolean {
	const { servedByHostIds, sentinelHostIds } = cache;
	return isDeepStrictEqual(choose(cache, candidates), { servedByHostIds, sentinelHostIds });
}

const settlingOf = oncePer((resources: Resources) => new SharedRun(() => settle(resources)));

/**
 * Chooses again for the caches whose choice no longer fits after hosts have come or gone. Runs every second and after
 * each such change, and does nothing if the hosts are those of the last run.
 */
export function settleRoutes(resources: Resources): Promise<void> {
	return settlingOf(resources).run();
}

async function settle(resources: Resources): Promise<void> {
	const { db, routes } = resources;
	const hosts = await presentHosts(db);
	if (routes.isSettledFor(hosts)) return;
	const candidates = servingCandidates(hosts);
	let page: ChosenCache[];
	let last = "";
	do {
		page = await db.cache.findMany({
			where: {
				...{ id: { gt: last }, deletingAt: null },
				nodes: { some: { removedAtRevision: null } },
			},
			...CHOSEN,
			take: CACHES_AT_ONCE,
		});
		last = page.at(-1)?.id ?? "";
		const misfits = page.filter((cache) => !fits(cache, candidates)).map(({ id }) => id);
		if (misfits.length > 0) await writeInCharge(resources, (tx) => rerouteCaches(tx, misfits));
	} while (page.length === CACHES_AT_ONCE);
	await readRoutes(resources);
	wakeForRoutes(resources, routes.settle(hosts));
}
