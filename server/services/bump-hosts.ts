import type { Prisma, Transaction } from "../data/database.ts";
import { readRoutes } from "../fleet/read-routes.ts";
import type { Resources } from "./context.ts";

/**
 * Raises the revisions of hosts in the transaction that changes what they should run. Returns the new
 * revisions; the caller wakes the hosts' watches after the commit.
 */
export async function bumpHosts(
	tx: Transaction,
	hostIds: Iterable<string>,
): Promise<Map<string, number>> {
	const hosts = await tx.host.updateManyAndReturn({
		where: { id: { in: [...new Set(hostIds)] } },
		data: { revision: { increment: 1 } },
		select: { id: true, revision: true },
	});
	return new Map(hosts.map((host) => [host.id, host.revision]));
}

export function wakeHosts(resources: Resources, hostIds: Iterable<string>): void {
	for (const id of hostIds) resources.signals.notify(`host:${id}`);
}

/** Wakes hosts' watches for notices, which need nothing from the database. */
export function wakeForNotices({ signals }: Resources, hostIds: Iterable<string>): void {
	for (const id of hostIds) signals.notify(`notices:${id}`);
}

/**
 * Raises the revisions of caches' routes in the transaction that changes an endpoint or where it leads. The
 * caller calls `wakeGateways` after the commit. Where the hosts of a cache's nodes change, `rerouteCaches` does
 * this too.
 */
export async function bumpRoutes(tx: Transaction, where: Prisma.CacheWhereInput): Promise<void> {
	const routeRevision = await bumpRouteRevision(tx);
	await tx.cache.updateMany({ where, data: { routeRevision } });
}

/** Returns the new revision. Its row is locked until the commit, so revisions appear in their order. */
export async function bumpRouteRevision(tx: Transaction): Promise<number> {
	const { routeRevision } = await tx.controlPlane.update({
		where: { id: 1 },
		data: { routeRevision: { increment: 1 } },
		select: { routeRevision: true },
	});
	return routeRevision;
}

/** Tells the hosts that changed routes concern. */
export function wakeGateways(resources: Resources): void {
	// If it fails, the next watch of any host reads the routes.
	readRoutes(resources).catch(() => undefined);
}
