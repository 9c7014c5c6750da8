import { writeInCharge } from "../data/charge.ts";
import { recordEvent } from "../data/record-event.ts";
import type { Resources } from "../services/context.ts";

/**
 * Call once at start: hosts that were online get one lease to report before they count as silent. Their
 * credentials are loaded, so that none of their calls waits for the database.
 */
export async function restoreLeases({ db, fleet }: Resources): Promise<void> {
	const hosts = await db.host.findMany({
		select: { id: true, online: true, credentialHash: true },
	});
	for (const host of hosts) fleet.credentials.set(host.credentialHash, host.id);
	const online = hosts.filter((host) => host.online);
	for (const host of online) fleet.assumeOnline(host.id);
	fleet.setFleetSize(online.length);
}

/** A timer that fires later than this was held up. */
const STALL_MS = 200;

/**
 * Call every `everyMs`. A late call means that this process stood still: it computed, was stopped, or its
 * machine slept. Messages that hosts sent meanwhile wait to be read, so that time doesn't count for their
 * leases.
 */
export function createStallWatch(
	{ fleet, clock }: Pick<Resources, "fleet" | "clock">,
	everyMs: number,
): () => void {
	let last = clock.now().getTime();
	return () => {
		const now = clock.now().getTime();
		const stalledMs = now - last - everyMs;
		last = now;
		if (stalledMs > STALL_MS) fleet.excuse(stalledMs);
	};
}

/**
 * Call several times a second: wakes the caches of hosts whose heartbeat is late, repeatedly while it is,
 * because their primaries may have to be replaced before the lease ends.
 */
export async function watchSuspects({ db, fleet, wakeCache }: Resources): Promise<void> {
	const suspects = fleet.onlineHostIds().filter((hostId) => fleet.isSuspect(hostId));
	if (suspects.length === 0) return;
	const nodes = await db.node.findMany({
		where: { hostId: { in: suspects }, removedAtRevision: null },
		select: { cacheId: true },
		distinct: ["cacheId"],
	});
	for (const node of nodes) wakeCache(node.cacheId, "urgent");
}

/** Call every second or so: marks silent hosts offline, with an event, and wakes their caches. */
export async function expireLeases(resources: Resources): Promise<void> {
	const { fleet, clock, wakeCache } = resources;
	for (const hostId of fleet.expireLeases()) {
		const lastSeenAt = fleet.lastSeenAt(hostId);
		const host = await writeInCharge(resources, async (tx) => {
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
				message: `Host ${row.name} has been silent since ${lastSeenAt?.toISOString() ?? "it joined"}. Larder leaves its engines alone.`,
				hostName: row.name,
			});
			return row;
		});
		for (const node of host?.nodes ?? []) wakeCache(node.cacheId, "urgent");
	}
}
