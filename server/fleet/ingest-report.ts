import type { HostFacts } from "../contract/agent.ts";
import type {
	GatewayObservation,
	Observation,
	ReportInput,
	SentinelObservation,
} from "../contract/host-report.ts";
import { AGENT_TIMING, HUNG_TIMING } from "../contract/limits.ts";
import { cleanText } from "../contract/storable.ts";
import { writeInCharge } from "../data/charge.ts";
import type { Prisma } from "../data/database.ts";
import type { FleetState } from "../data/fleet-state.ts";
import { storeSamples } from "../data/metrics-store.ts";
import { recordEvent } from "../data/record-event.ts";
import { isSameButForOffset } from "../data/stored-observation.ts";
import { inTurn } from "../platform/in-turn.ts";
import { oncePer } from "../platform/once-per.ts";
import { bumpRoutes, wakeGateways } from "../services/bump-hosts.ts";
import type { Resources } from "../services/context.ts";
import { settleRoutes } from "../services/route-hosts.ts";
import { confirmAbandoned } from "./abandoned-nodes.ts";
import { factColumns } from "./enroll-host.ts";
import { HostRule } from "./host-scope.ts";
import { locateNodes } from "./locate-nodes.ts";
import { noteOverreach } from "./note-overreach.ts";
import { scopeInMemory, scopeOf } from "./read-scope.ts";
import { takeOrderResult } from "./take-alert.ts";
import { noteStored, observationAfter, takeOffsets } from "./take-offsets.ts";
import { takeUsage } from "./take-usage.ts";

/** For each host, its reports one after another. */
const turnsOf = oncePer((_: FleetState) => new Map<string, ReturnType<typeof inTurn>>());

function turnOf(fleet: FleetState, hostId: string): ReturnType<typeof inTurn> {
	const turns = turnsOf(fleet);
	const turn = turns.get(hostId) ?? inTurn();
	turns.set(hostId, turn);
	return turn;
}

/**
 * Processes a host's report. Rows change only if something changed that outlives the next heartbeat; offsets
 * and leases stay in memory. Only what belongs to the host counts (host-scope.ts). Returns once all of it is
 * stored. Safe to repeat: an agent that has waited too long sends the same again, and takes no notice of this answer any
 * more (`isAwaited`). If the database is slow, such reports don't pile up as work.
 */
export async function ingestReport(
	resources: Resources,
	hostId: string,
	said: ReportInput,
	isAwaited: () => boolean = () => true,
): Promise<void> {
	const { fleet } = resources;
	const end = fleet.beginReport(hostId);
	try {
		const returned = fleet.touch(hostId);
		fleet.clocks.note(hostId, said.clockAheadMs);
		if (said.warnings !== null) fleet.warnings.note(hostId, said.warnings);
		const orders = new HostRule(scopeInMemory(resources, hostId)).orders(said.orders);
		for (const result of orders) takeOrderResult(resources, hostId, result);
		await turnOf(
			fleet,
			hostId,
		)(async () => {
			// The rest keeps the database, and this process, busy.
			await resources.orders.quiet();
			if (returned) await markOnline(resources, hostId);
			if (isAwaited()) await takeReport(resources, hostId, said);
		});
	} finally {
		end();
	}
}

async function takeReport(resources: Resources, hostId: string, said: ReportInput): Promise<void> {
	const { fleet } = resources;
	// After markOnline, because a host that was lost watches caches again.
	const rule = new HostRule(await scopeOf(resources, hostId, said));
	const report = rule.report(said);
	await noteOverreach(resources, hostId, rule.refused);
	if (report.facts !== null) await takeFacts(resources, hostId, report.facts);
	// Before the observations, which may remove the node of a last sample or reading.
	await takeMetrics(resources, report.metrics);
	await takeUsage(resources, report.usage);
	const touched = new Set<string>();
	if (report.observations !== null && !takeOffsets(fleet, hostId, report)) {
		await takeObservations(resources, hostId, report.revision, report.observations, touched);
		await confirmAbandoned(resources, hostId, report.observations, report);
		noteStored(fleet, hostId, report);
	}
	await locateNodes(resources, hostId, report);
	if (report.gateway !== null) await takeGateway(resources, hostId, report.gateway, touched);
	if (report.sentinel !== null) await takeSentinel(resources, hostId, report.sentinel, touched);
	await takeEvents(resources, hostId, report.events);
	for (const cacheId of touched) resources.wakeCache(cacheId);
}

/**
 * A new address changes where the host's nodes are, and Memcached's auto discovery announces it as a new
 * version.
 */
async function takeFacts(resources: Resources, hostId: string, facts: HostFacts): Promise<void> {
	const moved = await writeInCharge(resources, async (tx) => {
		const { advertisedAddress } = await tx.host.findUniqueOrThrow({
			where: { id: hostId },
			select: { advertisedAddress: true },
		});
		await tx.host.update({ where: { id: hostId }, data: factColumns(facts) });
		if (advertisedAddress === facts.advertisedAddress) return false;
		const caches = await tx.cache.findMany({
			where: { nodes: { some: { hostId } } },
			select: { id: true },
		});
		const ids = caches.map(({ id }) => id);
		await bumpRoutes(tx, ids);
		await tx.cache.updateMany({
			where: { id: { in: ids }, engine: "memcached" },
			data: { discoveryVersion: { increment: 1 } },
		});
		return true;
	});
	if (moved) wakeGateways(resources);
}

/** Samples of a node are 5 s apart. One about as old as another is the same one, resent. */
async function takeMetrics(
	{ db, fleet, clock, wakeCache }: Resources,
	samples: ReportInput["metrics"],
): Promise<void> {
	const now = clock.now().getTime();
	const newest = new Map<string, number>();
	const fresh = samples.flatMap(({ assignmentId: nodeId, at: text, metrics }) => {
		const at = new Date(text);
		const before = newest.get(nodeId) ?? fleet.sampledAt(nodeId) ?? Number.NEGATIVE_INFINITY;
		// A sample from the future is from before this clock was set back.
		const isSentAgain = before <= now && at.getTime() - before < AGENT_TIMING.metricsIntervalMs / 2;
		if (isSentAgain) return [];
		newest.set(nodeId, at.getTime());
		return [{ nodeId, at, metrics }];
	});
	await storeSamples(
		db,
		fresh.map(({ metrics, ...sample }) => ({ ...sample, ...metrics })),
	);
	for (const { nodeId, at, metrics } of fresh) {
		fleet.setMetrics(nodeId, at, metrics);
		const place = fleet.placeOf(nodeId);
		if (place !== null && fleet.elastic.isPressed(nodeId)) wakeCache(place.cacheId);
	}
}

/** Marks a host online when it reports for the first time, or again. */
export async function markOnline(resources: Resources, hostId: string): Promise<void> {
	const { db, clock, wakeCache, fleet } = resources;
	fleet.setFleetSize(fleet.onlineHostIds().length);
	const host = await writeInCharge(resources, async (tx) => {
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
	// It may have been lost until now.
	await settleRoutes(resources);
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
			// The host's state doesn't contain this node, and the host no longer has a trace of it.
			if (node.removedAtRevision !== null && revision >= node.removedAtRevision) {
				await db.node.deleteMany({ where: { id: node.id } });
				fleet.forgetNode(node.id);
				touched.add(node.cacheId);
			}
			continue;
		}
		fleet.setPlace(node.id, { cacheId: node.cacheId, hostId });
		if (seen.reason?.code === "port-taken") fleet.refusedPorts.note(hostId, seen.port);
		const before = fleet.observation(node.id, node.observation);
		const next = observationAfter(before, seen);
		fleet.setObservation(node.id, next);
		if (before?.engineState?.role === "replica" && next.engineState?.role === "primary") {
			fleet.notePromotion(node.id);
			wakeCache(node.cacheId, "urgent");
		}
		if (before !== null && isSameButForOffset(before, next) && !fleet.isUnsaved(node.id)) continue;
		// A death can't wait until the rest is stored.
		if (next.phase === "exited" && before?.phase !== "exited") {
			wakeCache(node.cacheId, "urgent");
		}
		if (next.silentSince !== null && next.silentSince !== before?.silentSince) {
			// If it stays silent, no later report will wake the cache.
			setTimeout(() => wakeCache(node.cacheId, "urgent"), HUNG_TIMING.askedAfterMs).unref();
		}
		await db.node.updateMany({
			where: { id: node.id },
			data: { observation: next as Prisma.InputJsonObject },
		});
		fleet.setSaved(node.id);
		touched.add(node.cacheId);
	}
}

/** Only in memory: hosts report it again after a restart. Caches that it serves and that are being created or changed wait for it. */
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
	const waiting = await db.cache.findMany({
		where: { status: { in: ["creating", "modifying"] }, servedByHostIds: { has: hostId } },
		select: { id: true },
	});
	for (const cache of waiting) touched.add(cache.id);
}

/** Only in memory, like gateways. */
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
				message: cleanText(event.message),
				cacheName: node?.cache.name ?? null,
				nodeName: node?.name ?? null,
				hostName: host.name,
			};
		}),
		skipDuplicates: true,
	});
}
