import type { Transaction } from "../data/database.ts";
import type { Resources } from "./context.ts";

/**
 * Raises the revisions of hosts in the transaction that changes what they should run. Returns the new revisions; the
 * caller wakes the hosts' watches once it has committed.
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

/**
 * Raises the route table's revision in the transaction that changes an endpoint or where it leads. All hosts serve the
 * table; the caller wakes them with `wakeGateways` once it has committed.
 */
export async function bumpRoutes(tx: Transaction, cacheId: string): Promise<void> {
	const routeRevision = await bumpRouteTable(tx);
	await tx.cache.updateMany({ where: { id: cacheId }, data: { routeRevision } });
}

/** The same when hosts come or go, whose Sentinels the table names. Returns the new revision. */
export async function bumpRouteTable(tx: Transaction): Promise<number> {
	const { routeRevision } = await tx.controlPlane.update({
		where: { id: 1 },
		data: { routeRevision: { increment: 1 } },
		select: { routeRevision: true },
	});
	return routeRevision;
}

export function wakeGateways(resources: Resources): void {
	resources.signals.notify("routes");
}
