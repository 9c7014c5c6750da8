import { recordEvent } from "../data/record-event.ts";
import type { Resources } from "../services/context.ts";

/** Once at a start: hosts that were online get one lease to show themselves before they count as silent. */
export async function restoreLeases({ db, fleet }: Resources): Promise<void> {
	const hosts = await db.host.findMany({ where: { online: true }, select: { id: true } });
	for (const host of hosts) fleet.assumeOnline(host.id);
}

/** Called every second or so: takes silent hosts offline, with an event, and has their caches looked at. */
export async function expireLeases(resources: Resources): Promise<void> {
	const { db, fleet, clock, wakeCache } = resources;
	for (const hostId of fleet.expireLeases()) {
		const lastSeenAt = fleet.lastSeenAt(hostId);
		const host = await db.$transaction(async (tx) => {
			const row = await tx.host.update({
				where: { id: hostId },
				data: { online: false, lastSeenAt },
				include: { nodes: { select: { cacheId: true } } },
			});
			await recordEvent(tx, clock, {
				severity: "warning",
				type: "host.silent",
				message: `Host ${row.name} has been silent since ${lastSeenAt?.toISOString() ?? "it joined"}. Its engines are left as they are.`,
				hostName: row.name,
			});
			return row;
		});
		for (const node of host.nodes) wakeCache(node.cacheId);
	}
}
