import { recordEvent } from "../data/record-event.ts";
import type { Resources } from "../services/context.ts";

/** Once at a start: hosts that were online get one lease to show themselves before they count as silent. */
export async function restoreLeases({ db, fleet }: Resources): Promise<void> {
	const hosts = await db.host.findMany({ where: { online: true }, select: { id: true } });
	for (const host of hosts) fleet.assumeOnline(host.id);
	fleet.setFleetSize(hosts.length);
}

/**
 * Called several times a second: has the caches of hosts whose heartbeat is late looked at, again and again while it is,
 * since their primaries may have to be replaced before the lease ends.
 */
export async function watchSuspects({ db, fleet, wakeCache }: Resources): Promise<void> {
	const suspects = fleet.onlineHostIds().filter((hostId) => fleet.isSuspect(hostId));
	if (suspects.length === 0) return;
	const nodes = await db.node.findMany({
		where: { hostId: { in: suspects }, removedAtRevision: null },
		select: { cacheId: true },
		distinct: ["cacheId"],
	});
	for (const node of nodes) wakeCache(node.cacheId);
}

/** Called every second or so: takes silent hosts offline, with an event, and has their caches looked at. */
export async function expireLeases(resources: Resources): Promise<void> {
	const { db, fleet, clock, wakeCache } = resources;
	for (const hostId of fleet.expireLeases()) {
		const lastSeenAt = fleet.lastSeenAt(hostId);
		const host = await db.$transaction(async (tx) => {
			const row = await tx.host.findUnique({
				where: { id: hostId },
				include: { nodes: { select: { cacheId: true } } },
			});
			// It was removed while its last report was on its way.
			if (row === null) return null;
			await tx.host.update({ where: { id: hostId }, data: { online: false, lastSeenAt } });
			await recordEvent(tx, clock, {
				severity: "warning",
				type: "host.silent",
				message: `Host ${row.name} has been silent since ${lastSeenAt?.toISOString() ?? "it joined"}. Its engines are left as they are.`,
				hostName: row.name,
			});
			return row;
		});
		for (const node of host?.nodes ?? []) wakeCache(node.cacheId);
	}
}
