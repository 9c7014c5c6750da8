import { findParameterGroups } from "../data/parameter-groups.ts";
import { readSnapshot } from "../data/read-snapshot.ts";
import type { StoredRoute } from "../data/route-registry.ts";
import { oncePer } from "../platform/once-per.ts";
import { SharedRun } from "../platform/shared-run.ts";
import type { Resources } from "../services/context.ts";
import { ROUTED_CACHE, type RoutedCache, toNamedNodes, toRoute } from "./to-route.ts";
import { wakeForRoutes } from "./wake-for-routes.ts";

/** A start reads all routes; the process must stay responsive meanwhile. */
const CACHES_AT_ONCE = 200;

const readingOf = oncePer((resources: Resources) => new SharedRun(() => read(resources)));

/**
 * Brings the registry up to date with the caches whose routes have changed, and wakes the hosts that they
 * concern. Costs one query if nothing has.
 */
export function readRoutes(resources: Resources): Promise<void> {
	return readingOf(resources).run();
}

async function read(resources: Resources): Promise<void> {
	const { db, routes, secrets } = resources;
	// Before the rows, so that a change in between is read again rather than missed.
	const row = await db.controlPlane.findUnique({
		where: { id: 1 },
		select: { routeRevision: true },
	});
	const revision = row?.routeRevision ?? 0;
	if (revision === routes.revision) return;
	const changed: StoredRoute[] = [];
	let page: RoutedCache[];
	do {
		const last = changed.at(-1)?.cacheId;
		page = await readSnapshot(db, (tx) =>
			tx.cache.findMany({
				where: { routeRevision: { gt: routes.revision }, ...(last && { id: { gt: last } }) },
				...ROUTED_CACHE,
				orderBy: { id: "asc" },
				take: CACHES_AT_ONCE,
			}),
		);
		const names = new Set(page.map(({ parameterGroup }) => parameterGroup));
		const groups = await findParameterGroups(db, names);
		for (const cache of page) {
			changed.push({
				...{ cacheId: cache.id, revision: cache.routeRevision, hostIds: cache.servedByHostIds },
				route: toRoute(secrets, cache, groups.get(cache.parameterGroup)),
				nodes: toNamedNodes(cache),
			});
		}
	} while (page.length === CACHES_AT_ONCE);
	const concerned = routes.take(changed, revision);
	wakeForRoutes(resources, concerned);
}
