import { writeInCharge } from "../../data/charge.ts";
import type { Database } from "../../data/database.ts";
import { setOpenHosts } from "../../data/fleet-room.ts";
import { markLost } from "../../data/mark-hosts.ts";
import { nodesOf } from "../../data/nodes-of-hosts.ts";
import { recordEvent, recordEvents } from "../../data/record-event.ts";
import { isSafeMode } from "../../domain/fleet/safe-mode.ts";
import type { Resources } from "../context.ts";
import { settleRoutes } from "../route-hosts.ts";
import { finishRemovals } from "./remove-host.ts";

/** The properties of a host that this uses. */
interface SeenHost {
	id: string;
	name: string;
	lastSeenAt: Date;
	isSilent: boolean;
	isOffline: boolean;
	carriesNodes: boolean;
	lostAt: Date | null;
	lossConfirmed: boolean;
}

/**
 * Called every second, or as often as hosts send heartbeats: reports safe mode, declares hosts lost once they have been offline for too long, removes
 * hosts that were given up once nothing needs them, makes others serve endpoints in their place, and notes which
 * zones accept nodes. Each step by itself is safe to repeat.
 */
export async function markLostHosts(resources: Resources): Promise<void> {
	const { fleet, clock } = resources;
	const began = clock.now().getTime();
	const hosts = await lookAtHosts(resources);
	fleet.noteRead(clock.now().getTime() - began);
	await tellBehind(resources);
	await tellSafeMode(resources, hosts);
	if (!fleet.safeMode && !fleet.behind) await declareLost(resources, hosts);
	await finishRemovals(resources);
	await settleRoutes(resources);
}

async function lookAtHosts({ db, fleet }: Resources): Promise<SeenHost[]> {
	const rows = await db.host.findMany({
		select: {
			id: true,
			name: true,
			zone: true,
			cordoned: true,
			drainRequestedAt: true,
			lostAt: true,
			lossConfirmed: true,
			lastSeenAt: true,
			joinedAt: true,
		},
	});
	const isSilent = (id: string) => !fleet.isOnline(id) || fleet.isSuspect(id);
	const open = rows.filter(
		(row) => fleet.isInTouch(row.id) && !row.cordoned && row.drainRequestedAt === null,
	);
	setOpenHosts(fleet, open);
	const carriers = rows.some((row) => isSilent(row.id)) ? await hostsWithNodes(db) : new Set();
	return rows.map((row) => ({
		...row,
		lastSeenAt: fleet.lastSeenAt(row.id) ?? row.lastSeenAt ?? row.joinedAt,
		isSilent: isSilent(row.id),
		isOffline: !fleet.isOnline(row.id),
		carriesNodes: carriers.has(row.id),
	}));
}

async function hostsWithNodes(db: Database): Promise<Set<string>> {
	const nodes = await db.node.findMany({
		where: { removedAtRevision: null },
		select: { hostId: true },
		distinct: ["hostId"],
	});
	return new Set(nodes.map(({ hostId }) => hostId));
}

/**
 * Replacing nodes is more work. A control plane that can't keep up and counts hosts as lost because it doesn't hear
 * them would never catch up.
 */
async function tellBehind({ db, fleet, clock, hostLostMs }: Resources): Promise<void> {
	const is = fleet.keepsUpForMs < hostLostMs;
	if (is === fleet.behind) return;
	fleet.behind = is;
	await recordEvent(db, clock, {
		severity: is ? "warning" : "info",
		type: is ? "fleet.behind" : "fleet.caught-up",
		message: is
			? `The control plane can't keep up with its hosts' reports. Failovers go on, but no host counts as lost until it has kept up for ${Math.round(hostLostMs / 1_000)} s. Give its machine more processor time, or its database a faster disk.`
			: "The control plane keeps up with its hosts' reports again: hosts that stay silent count as lost.",
	});
}

async function tellSafeMode(resources: Resources, hosts: readonly SeenHost[]): Promise<void> {
	const { db, fleet, clock, wakeCache } = resources;
	const counted = hosts.filter((host) => host.carriesNodes && !host.lossConfirmed);
	const is = isSafeMode(
		counted.map((host) => ({ silentSince: host.isSilent ? host.lastSeenAt : null })),
	);
	if (is === fleet.safeMode) return;
	fleet.safeMode = is;
	const names = counted.filter((host) => host.isSilent).map((host) => host.name);
	await recordEvent(db, clock, {
		severity: is ? "warning" : "info",
		type: is ? "fleet.safe-mode" : "fleet.safe-mode-ended",
		message: is
			? `${names.join(", ")} went silent at the same time, so this control plane may be cut off from them. Larder won't replace nodes until they return (safe mode). If they are gone for good, remove them as lost.`
			: "Safe mode has ended: Larder replaces nodes of lost hosts again.",
	});
	const caches = await db.cache.findMany({ select: { id: true } });
	for (const cache of caches) wakeCache(cache.id);
}

async function declareLost(resources: Resources, hosts: readonly SeenHost[]): Promise<void> {
	const { db, clock, hostLostMs, wakeCache } = resources;
	const silent = hosts.filter((host) => host.isOffline && host.lostAt === null);
	if (silent.length === 0) return;
	const now = clock.now();
	// While no control plane ran, hosts couldn't report.
	const since = await db.controlPlane.findUnique({ where: { id: 1 }, select: { startedAt: true } });
	const listensFor = now.getTime() - (since?.startedAt.getTime() ?? 0);
	if (listensFor <= hostLostMs) return;
	const overdue = silent.filter((host) => now.getTime() - host.lastSeenAt.getTime() > hostLostMs);
	if (overdue.length === 0) return;
	const nodes = await writeInCharge(resources, async (tx) => {
		const lost = await markLost(
			tx,
			overdue.map(({ id }) => id),
			now,
		);
		const declared = overdue.filter(({ id }) => lost.has(id));
		await recordEvents(
			tx,
			clock,
			declared.map(({ name, carriesNodes }) => ({
				severity: "error",
				type: "host.lost",
				message: `Host ${name} has been silent for ${Math.round(hostLostMs / 1_000)} s and counts as lost. ${carriesNodes ? "Larder is replacing its nodes on other hosts." : "It has no nodes."}`,
				hostName: name,
			})),
		);
		return await nodesOf(tx, [...lost]);
	});
	for (const { cacheId } of nodes) wakeCache(cacheId);
}
