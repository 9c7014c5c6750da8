import type { Transaction } from "../data/database.ts";
import { lockCaches } from "../data/row-locks.ts";
import { readRoutes } from "../fleet/read-routes.ts";
import type { Resources } from "./context.ts";

/**
 * Raises the revisions of hosts in the transaction that changes what they should run. Returns the new
 * revisions; the caller must wake the hosts' watches after the commit. Must come before other writes of the transaction
 * (data/row-locks.ts).
 */
export async function bumpHosts(
	tx: Transaction,
	hostIds: Iterable<string>,
): Promise<Map<string, number>> {
	const hosts = await tx.$queryRaw<{ id: string; revision: number }[]>`
		UPDATE "Host" SET "revision" = "revision" + 1
		WHERE "id" IN (
			SELECT "id" FROM "Host" WHERE "id" = ANY(${[...new Set(hostIds)]}::text[])
			ORDER BY "id" FOR NO KEY UPDATE
		)
		RETURNING "id", "revision"`;
	return new Map(hosts.map((host) => [host.id, host.revision]));
}

export function wakeHosts(resources: Resources, hostIds: Iterable<string>): void {
	for (const id of hostIds) resources.signals.notify(`host:${id}`);
}

/** Wakes hosts' watches for notices, which need nothing from the database. */
export function wakeForNotices({ signals }: Resources, hostIds: Iterable<string>): void {
	for (const id of hostIds) signals.notify(`notices:${id}`);
}

/** The same for a failover order, for which a host's watch never waits. */
export function wakeForOrder(resources: Resources, hostId: string): void {
	resources.signals.notify(`orders:${hostId}`);
	wakeForNotices(resources, [hostId]);
}

/**
 * Raises the revisions of caches' routes in the transaction that changes an endpoint or where it leads. The
 * caller must call `wakeGateways` after the commit. Where the hosts of a cache's nodes change, `rerouteCaches` does
 * this too.
 */
export async function bumpRoutes(tx: Transaction, cacheIds: readonly string[]): Promise<void> {
	const routeRevision = await bumpRouteRevision(tx, cacheIds);
	await tx.cache.updateMany({ where: { id: { in: [...cacheIds] } }, data: { routeRevision } });
}

/**
 * Returns the new revision, for these caches. Its row is locked until the commit, so revisions become visible in order;
 * the caches' rows are locked before it.
 */
export async function bumpRouteRevision(
	tx: Transaction,
	cacheIds: readonly string[],
): Promise<number> {
	await lockCaches(tx, cacheIds);
	const { routeRevision } = await tx.controlPlane.update({
		where: { id: 1 },
		data: { routeRevision: { increment: 1 } },
		select: { routeRevision: true },
	});
	return routeRevision;
}

/** Wakes the hosts whose routes have changed. */
export function wakeGateways(resources: Resources): void {
	// If it fails, the next watch of any host reads the routes.
	readRoutes(resources).catch(() => undefined);
}
