import { writeInCharge } from "../data/charge.ts";
import type { FleetState } from "../data/fleet-state.ts";
import { markOffline } from "../data/mark-hosts.ts";
import { nodesOf } from "../data/nodes-of-hosts.ts";
import { recordEvents } from "../data/record-event.ts";
import { oncePer } from "../platform/once-per.ts";
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

/** Suspects whose caches have been woken for it. */
const knownSuspects = oncePer((_: FleetState) => new Set<string>());

/**
 * Call several times a second: wakes the caches of hosts whose heartbeat is late. Those whose primary is there are woken
 * repeatedly until an order is given, because the primary may have to be replaced before the lease ends. The others aren't
 * in a hurry. So are caches whose orders nobody has carried out in time, wherever their primaries are.
 */
export async function watchSuspects({
	db,
	fleet,
	orders,
	wakeCache,
}: Pick<Resources, "db" | "fleet" | "orders" | "wakeCache">): Promise<void> {
	for (const cacheId of orders.takeOverdue()) wakeCache(cacheId, "urgent");
	const known = knownSuspects(fleet);
	const suspects = fleet.onlineHostIds().filter((hostId) => fleet.isSuspect(hostId));
	const fresh = suspects.filter((hostId) => !known.has(hostId));
	known.clear();
	for (const hostId of suspects) known.add(hostId);
	if (suspects.length === 0) return;
	const led = await nodesOf(db, suspects, { leading: true });
	for (const { cacheId, shardId } of led) {
		if (orders.underWay(shardId) === null) wakeCache(cacheId, "urgent");
	}
	if (fresh.length === 0) return;
	for (const { cacheId } of await nodesOf(db, fresh)) wakeCache(cacheId);
}

/**
 * Call every second or so: marks silent hosts offline, with an event, and wakes their caches. One transaction marks all
 * of them, because a third of a large fleet may fall silent at the same time.
 */
export async function expireLeases(resources: Resources): Promise<void> {
	const { fleet, clock, wakeCache } = resources;
	const expired = fleet.expireLeases();
	if (expired.length === 0) return;
	try {
		const nodes = await writeInCharge(resources, async (tx) => {
			const seen = expired.map((id) => ({ id, at: fleet.lastSeenAt(id) }));
			// A host that is missing was removed while its last report was on its way.
			const hosts = await markOffline(tx, seen);
			await recordEvents(
				tx,
				clock,
				hosts.map(({ name, lastSeenAt }) => ({
					severity: "warning",
					type: "host.silent",
					message: `Host ${name} has been silent since ${lastSeenAt?.toISOString() ?? "it joined"}. Larder leaves its engines alone.`,
					hostName: name,
				})),
			);
			return await nodesOf(tx, expired);
		});
		for (const { cacheId, leads } of nodes) wakeCache(cacheId, leads ? "urgent" : undefined);
	} catch (error) {
		// The next call tries again.
		fleet.keepOnline(expired);
		throw error;
	}
}
