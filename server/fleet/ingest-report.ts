import type {
	GatewayObservation,
	Observation,
	ReportInput,
	SentinelObservation,
} from "../contract/agent.ts";
import { HUNG_TIMING } from "../contract/limits.ts";
import type { Prisma } from "../data/database.ts";
import { isSameButForOffset, type StoredObservation } from "../data/fleet-state.ts";
import { storeSamples } from "../data/metrics-store.ts";
import { recordEvent } from "../data/record-event.ts";
import { bumpRouteTable, wakeGateways } from "../services/bump-hosts.ts";
import type { Resources } from "../services/context.ts";
import { factColumns } from "./enrol-host.ts";
import { locateNodes } from "./locate-nodes.ts";
import { hasSynced, takeOrderResult } from "./take-alert.ts";

/**
 * Takes in what a host sees. Rows change only where something changed that outlives the next heartbeat; offsets and
 * leases stay in memory. Returning means that all of it is stored. Safe to repeat.
 */
export async function ingestReport(
	resources: Resources,
	hostId: string,
	report: ReportInput,
): Promise<void> {
	const { db, fleet } = resources;
	const returned = fleet.touch(hostId);
	for (const result of report.orders) takeOrderResult(resources, result);
	// The rest keeps the database busy, and this process.
	await resources.orders.quiet();
	if (returned) await markOnline(resources, hostId);
	if (report.facts !== null) {
		await db.host.update({ where: { id: hostId }, data: factColumns(report.facts) });
	}
	const touched = new Set<string>();
	if (report.observations !== null) {
		await takeObservations(resources, hostId, report.revision, report.observations, touched);
	}
	await locateNodes(resources, hostId, report);
	if (report.gateway !== null) await takeGateway(resources, hostId, report.gateway, touched);
	if (report.sentinel !== null) await takeSentinel(resources, hostId, report.sentinel, touched);
	await takeEvents(resources, hostId, report.events);
	const samples = report.metrics.map((sample) => ({
		nodeId: sample.assignmentId,
		at: new Date(sample.at),
		...sample.metrics,
	}));
	await storeSamples(db, samples);
	for (const sample of report.metrics) {
		fleet.setMetrics(sample.assignmentId, new Date(sample.at), sample.metrics);
	}
	for (const cacheId of touched) resources.wakeCache(cacheId);
}

async function markOnline(resources: Resources, hostId: string): Promise<void> {
	const { db, clock, wakeCache, fleet } = resources;
	fleet.setFleetSize(fleet.onlineHostIds().length);
	const host = await db.$transaction(async (tx) => {
		const { lostAt } = await tx.host.findUniqueOrThrow({
			where: { id: hostId },
			select: { lostAt: true },
		});
		if (lostAt !== null) await bumpRouteTable(tx);
		const row = await tx.host.update({
			where: { id: hostId },
			data: { online: true, lastSeenAt: clock.now(), lostAt: null, lossConfirmed: false },
			include: { nodes: { select: { cacheId: true } } },
		});
		await recordEvent(tx, clock, {
			severity: "info",
			type: "host.online",
			message: `Host ${row.name} is online.`,
			hostName: row.name,
		});
		return row;
	});
	wakeGateways(resources);
	for (const node of host.nodes) wakeCache(node.cacheId);
	// Caches that found no room may find it here.
	const unplaced = await db.cache.findMany({
		where: { status: "creating", nodes: { none: {} } },
		select: { id: true },
	});
	for (const cache of unplaced) wakeCache(cache.id);
}

async function takeObservations(
	{ db, fleet, wakeCache }: Resources,
	hostId: string,
	revision: number,
	observations: readonly Observation[],
	touched: Set<string>,
): Promise<void> {
	const nodes = await db.node.findMany({
		where: { hostId },
		select: { id: true, cacheId: true, removedAtRevision: true, observation: true },
	});
	for (const node of nodes) {
		const seen = observations.find((observation) => observation.assignmentId === node.id);
		if (seen === undefined) {
			// The host holds a state without this node and no longer has a trace of it.
			if (node.removedAtRevision !== null && revision >= node.removedAtRevision) {
				await db.node.deleteMany({ where: { id: node.id } });
				fleet.forgetNode(node.id);
				touched.add(node.cacheId);
			}
			continue;
		}
		fleet.setCacheId(node.id, node.cacheId);
		const before = fleet.observation(node.id, node.observation);
		const next: StoredObservation = { ...seen, hasSynced: hasSynced(before, seen) };
		fleet.setObservation(node.id, next);
		if (before?.engineState?.role === "replica" && next.engineState?.role === "primary") {
			fleet.notePromotion(node.id);
		}
		if (before !== null && isSameButForOffset(before, next) && !fleet.isUnsaved(node.id)) continue;
		// A death can't wait until the rest is stored.
		if (next.phase === "exited" && before?.phase !== "exited") wakeCache(node.cacheId);
		if (next.silentSince !== null && next.silentSince !== before?.silentSince) {
			// If it stays silent, nobody says so again.
			setTimeout(() => wakeCache(node.cacheId), HUNG_TIMING.askedAfterMs).unref();
		}
		await db.node.updateMany({
			where: { id: node.id },
			data: { observation: next as Prisma.InputJsonObject },
		});
		fleet.setSaved(node.id);
		touched.add(node.cacheId);
	}
}

/** Kept in memory alone: hosts tell it again after a restart. Caches that are being created wait for it. */
async function takeGateway(
	{ db, fleet }: Resources,
	hostId: string,
	gateway: GatewayObservation,
	touched: Set<string>,
): Promise<void> {
	const before = fleet.gateway(hostId);
	const host = await db.host.findUniqueOrThrow({
		where: { id: hostId },
		select: { id: true, name: true, advertisedAddress: true },
	});
	const named = { ...host, address: host.advertisedAddress };
	for (const cacheId of fleet.setGateway(named, gateway)) touched.add(cacheId);
	if (before?.phase === gateway.phase && before.routeRevision === gateway.routeRevision) return;
	const creating = await db.cache.findMany({
		where: { status: "creating" },
		select: { id: true },
	});
	for (const cache of creating) touched.add(cache.id);
}

/** Kept in memory alone, as the gateways are. */
async function takeSentinel(
	{ db, fleet }: Resources,
	hostId: string,
	sentinel: SentinelObservation,
	touched: Set<string>,
): Promise<void> {
	const host = await db.host.findUniqueOrThrow({
		where: { id: hostId },
		select: { id: true, advertisedAddress: true },
	});
	fleet.setSentinel({ id: host.id, address: host.advertisedAddress }, sentinel);
	for (const cache of sentinel.caches) if (cache.failoverUnderWay) touched.add(cache.cacheId);
}

async function takeEvents(
	{ db }: Resources,
	hostId: string,
	events: ReportInput["events"],
): Promise<void> {
	if (events.length === 0) return;
	const host = await db.host.findUniqueOrThrow({
		where: { id: hostId },
		include: { nodes: { include: { cache: { select: { name: true } } } } },
	});
	await db.event.createMany({
		data: events.map((event) => {
			const node = host.nodes.find((candidate) => candidate.id === event.assignmentId);
			return {
				id: event.id,
				at: new Date(event.at),
				severity: event.severity,
				type: event.type,
				message: event.message,
				cacheName: node?.cache.name ?? null,
				nodeName: node?.name ?? null,
				hostName: host.name,
			};
		}),
		skipDuplicates: true,
	});
}
