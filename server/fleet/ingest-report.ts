import { isDeepStrictEqual } from "node:util";
import type { HostFacts } from "../contract/agent.ts";
import type {
	GatewayObservation,
	ReportInput,
	SentinelObservation,
} from "../contract/host-report.ts";
import { cleanText } from "../contract/storable.ts";
import { writeInCharge } from "../data/charge.ts";
import type { FleetState } from "../data/fleet-state.ts";
import { recordEvent } from "../data/record-event.ts";
import { KeyedTurns } from "../platform/keyed-turns.ts";
import { oncePer } from "../platform/once-per.ts";
import { Places } from "../platform/places.ts";
import { bumpRoutes, wakeGateways } from "../services/bump-hosts.ts";
import type { Resources } from "../services/context.ts";
import { settleRoutes } from "../services/route-hosts.ts";
import { confirmAbandoned } from "./abandoned-nodes.ts";
import { factColumns } from "./enroll-host.ts";
import { HostRule } from "./host-scope.ts";
import { locateNodes } from "./locate-nodes.ts";
import { noteOverreach } from "./note-overreach.ts";
import { notePromotions } from "./note-promotions.ts";
import { scopeInMemory, scopeOf } from "./read-scope.ts";
import { takeAccelerators } from "./take-accelerators.ts";
import { takeOrderResult } from "./take-alert.ts";
import { takeObservations } from "./take-observations.ts";
import { noteStored, takeOffsets } from "./take-offsets.ts";
import { hasLastReadings, NO_READINGS, type Readings, takeReadings } from "./take-readings.ts";

/** For each host, its reports one after another. */
const turnsOf = oncePer((_: FleetState) => new KeyedTurns());

/** Reports of all hosts that use the database at the same time: others need its connections too. */
const REPORTS_AT_ONCE = 3;
const placesOf = oncePer((_: FleetState) => new Places(REPORTS_AT_ONCE));

/** What became of a report. */
export interface Ingested {
	/**
	 * Why the host must send its metrics and usage again, later; null if they are stored. Everything else is stored in either
	 * case: what a host's engines do mustn't wait for what they have counted.
	 */
	readonly readingsError: unknown;
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
): Promise<Ingested> {
	const { fleet } = resources;
	const end = fleet.beginReport(hostId);
	try {
		const returned = fleet.touch(hostId);
		fleet.clocks.note(hostId, said.clockAheadMs);
		if (said.warnings !== null) fleet.warnings.note(hostId, said.warnings);
		if (!returned) notePromotions(resources, hostId, said.observations ?? []);
		const orders = new HostRule(scopeInMemory(resources, hostId)).orders(said.orders);
		for (const result of orders) takeOrderResult(resources, hostId, result);
		const takeInTurn = () =>
			turnsOf(fleet).run(hostId, async () => {
				// The rest keeps the database, and this process, busy.
				await resources.orders.quiet();
				return await placesOf(fleet).run(async () => {
					if (returned) await markOnline(resources, hostId);
					return isAwaited() ? await takeReport(resources, hostId, said) : NO_READINGS;
				});
			});
		const left = (returned ? null : takeHeartbeat(resources, hostId, said)) ?? (await takeInTurn());
		return { readingsError: await failureOf(takeReadings(resources, left)) };
	} finally {
		end();
	}
}

async function failureOf(work: Promise<void>): Promise<unknown> {
	try {
		await work;
		return null;
	} catch (error) {
		return error;
	}
}

/**
 * Takes a report that changes nothing but memory, as most do, and returns its readings. Otherwise takes nothing and
 * returns null.
 */
function takeHeartbeat(resources: Resources, hostId: string, said: ReportInput): Readings | null {
	const { fleet, inventories } = resources;
	const { observations, facts, gateway, sentinel, setAside, events, metrics, usage } = said;
	if (facts !== null || gateway !== null || sentinel !== null || said.accelerators) return null;
	if (setAside.length > 0 || events.length > 0 || !inventories.settled) return null;
	const named = [...(observations ?? []), ...metrics, ...usage];
	if (!named.every(({ assignmentId }) => fleet.placeOf(assignmentId)?.hostId === hostId))
		return null;
	if (hasLastReadings(said) || (observations !== null && !takeOffsets(fleet, hostId, said))) {
		return null;
	}
	return new HostRule(scopeInMemory(resources, hostId)).report(said);
}

/** Stores all but the readings, which it returns for the caller to store, unless they had to come first. */
async function takeReport(
	resources: Resources,
	hostId: string,
	said: ReportInput,
): Promise<Readings> {
	const { fleet } = resources;
	// After markOnline, because a host that was lost watches caches again.
	const rule = new HostRule(await scopeOf(resources, hostId, said));
	const report = rule.report(said);
	await noteOverreach(resources, hostId, rule.refused);
	if (report.facts !== null) await takeFacts(resources, hostId, report.facts);
	const isLast = hasLastReadings(report);
	if (isLast) await takeReadings(resources, report);
	const touched = new Set<string>();
	if (report.observations !== null && !takeOffsets(fleet, hostId, report)) {
		await takeObservations(resources, hostId, report.revision, report.observations, touched);
		await confirmAbandoned(resources, hostId, report.observations, report);
		noteStored(fleet, hostId, report);
	}
	await locateNodes(resources, hostId, report);
	if (report.gateway !== null) await takeGateway(resources, hostId, report.gateway, touched);
	if (report.sentinel !== null) await takeSentinel(resources, hostId, report.sentinel, touched);
	if (report.accelerators) await takeAccelerators(resources, hostId, report.accelerators);
	await takeEvents(resources, hostId, report.events);
	for (const cacheId of touched) resources.wakeCache(cacheId);
	return isLast ? NO_READINGS : report;
}

/**
 * A new address changes where the host's nodes are, and Memcached's auto discovery announces it as a new
 * version.
 */
async function takeFacts(resources: Resources, hostId: string, facts: HostFacts): Promise<void> {
	const columns = factColumns(facts);
	const stored = await resources.db.host.findUniqueOrThrow({ where: { id: hostId } });
	// After a start of the control plane, all hosts send theirs again.
	if (isDeepStrictEqual({ ...stored, ...columns }, stored)) return;
	const moved = await writeInCharge(resources, async (tx) => {
		await tx.host.update({ where: { id: hostId }, data: columns });
		if (stored.advertisedAddress === facts.advertisedAddress) return false;
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
