import { z } from "zod";
import {
	type GatewayObservation,
	observationSchema,
	type SentinelObservation,
} from "../contract/agent.ts";
import { AGENT_TIMING, heartbeatOf } from "../contract/limits.ts";
import type { NodeMetrics } from "../contract/metrics.ts";
import type { Clock } from "../platform/clock.ts";

/** An observation and what only a succession of them tells. */
export const storedObservationSchema = observationSchema.extend({
	/** The process that runs now has had its primary's data at some time. */
	hasSynced: z.boolean(),
	/** Older rows haven't got it. */
	silentSince: observationSchema.shape.silentSince.default(null),
});
export type StoredObservation = z.infer<typeof storedObservationSchema>;

/** Offsets rise with every write and are no news. */
export function isSameButForOffset(a: StoredObservation, b: StoredObservation): boolean {
	const withoutOffset = (observation: StoredObservation) =>
		JSON.stringify({
			...observation,
			engineState: observation.engineState && { ...observation.engineState, offset: 0 },
		});
	return withoutOffset(a) === withoutOffset(b);
}

/** What a host last said of its gateway, its routes by cache id. */
export interface HostGateway extends Omit<GatewayObservation, "routes"> {
	hostName: string;
	/** What clients are given. */
	address: string;
	routes: Map<string, GatewayObservation["routes"][number]>;
}

/** What a host last said of its Sentinel, its caches by id. */
export interface HostSentinel extends Omit<SentinelObservation, "caches"> {
	/** Where other hosts reach it. */
	address: string;
	caches: Map<string, SentinelObservation["caches"][number]>;
}

const START_GRACE_MS = 5_000;

/** A sample older than this is no longer "now". */
const METRICS_FRESH_MS = 4 * AGENT_TIMING.metricsIntervalMs;

/**
 * What changes with every heartbeat and is therefore kept in memory, not in the database: leases, offsets, the newest
 * metrics. All of it comes back with the agents' next reports after a restart.
 */
export class FleetState {
	readonly #clock: Clock;
	readonly #lastSeen = new Map<string, number>();
	readonly #online = new Set<string>();
	readonly #observations = new Map<string, StoredObservation>();
	/** Nodes of which more is known than the database holds. */
	readonly #unsaved = new Set<string>();
	readonly #cacheIds = new Map<string, string>();
	/** Ids of hosts by the hash of their credentials, so that not every call asks the database. */
	readonly #credentials = new Map<string, string>();
	readonly #gateways = new Map<string, HostGateway>();
	readonly #sentinels = new Map<string, HostSentinel>();
	readonly #promotedAt = new Map<string, number>();
	/** When a node was first said to be silent or to have ended; no entry for one that answers. */
	readonly #goneSince = new Map<string, number>();
	/** No host is suspected before: after a start they have to find this control plane first. */
	#trustUntil: number;
	#heartbeatMs: number = AGENT_TIMING.heartbeatMs;
	/** So many hosts fell silent at once that this control plane is cut off, rather than they are lost. */
	safeMode = false;
	readonly #metrics = new Map<string, { at: number; metrics: NodeMetrics }>();

	constructor(clock: Clock) {
		this.#clock = clock;
		this.#trustUntil = clock.now().getTime() + START_GRACE_MS;
	}

	/** At a start: the host was online when the control plane went, so it gets one lease to show itself. */
	assumeOnline(hostId: string): void {
		this.#lastSeen.set(hostId, this.#clock.now().getTime());
		this.#online.add(hostId);
	}

	/** Renews the lease. True if the host was offline until now. */
	touch(hostId: string): boolean {
		this.#lastSeen.set(hostId, this.#clock.now().getTime());
		if (this.#online.has(hostId)) return false;
		this.#online.add(hostId);
		return true;
	}

	/** Takes the hosts offline whose lease has run out, and names them. */
	expireLeases(): string[] {
		const deadline = this.#clock.now().getTime() - AGENT_TIMING.leaseMs;
		const expired = [...this.#online].filter((id) => (this.#lastSeen.get(id) ?? 0) < deadline);
		for (const id of expired) this.#online.delete(id);
		return expired;
	}

	/** It was removed from the fleet. */
	hostOf(credentialHash: string): string | null {
		return this.#credentials.get(credentialHash) ?? null;
	}

	setCredential(credentialHash: string, hostId: string): void {
		this.#credentials.set(credentialHash, hostId);
	}

	/** Hosts have come, gone or changed their credentials: the database knows which. */
	forgetCredentials(): void {
		this.#credentials.clear();
	}

	forgetHost(hostId: string): void {
		this.forgetCredentials();
		this.#lastSeen.delete(hostId);
		this.#online.delete(hostId);
		this.#gateways.delete(hostId);
		this.#sentinels.delete(hostId);
	}

	/** What hosts are told, and measured by. */
	get heartbeatMs(): number {
		return this.#heartbeatMs;
	}

	setFleetSize(hosts: number): void {
		this.#heartbeatMs = heartbeatOf(hosts);
	}

	/** Its heartbeat is late: it may be gone, though its lease hasn't run out. */
	isSuspect(hostId: string): boolean {
		const now = this.#clock.now().getTime();
		if (now < this.#trustUntil) return false;
		const lastSeen = this.#lastSeen.get(hostId) ?? 0;
		return now - lastSeen > this.#heartbeatMs + AGENT_TIMING.suspicionMs;
	}

	isOnline(hostId: string): boolean {
		return this.#online.has(hostId);
	}

	lastSeenAt(hostId: string): Date | null {
		const at = this.#lastSeen.get(hostId);
		return at === undefined ? null : new Date(at);
	}

	/** `stored` is the database's copy, taken where memory has none yet. */
	observation(nodeId: string, stored: unknown): StoredObservation | null {
		const held = this.#observations.get(nodeId);
		if (held !== undefined) return held;
		return stored === null ? null : storedObservationSchema.parse(stored);
	}

	/** Null while none of its reports has come. */
	cacheIdOf(nodeId: string): string | null {
		return this.#cacheIds.get(nodeId) ?? null;
	}

	setCacheId(nodeId: string, cacheId: string): void {
		this.#cacheIds.set(nodeId, cacheId);
	}

	/** Whether the database has yet to be told of the newest observation. */
	isUnsaved(nodeId: string): boolean {
		return this.#unsaved.has(nodeId);
	}

	setSaved(nodeId: string): void {
		this.#unsaved.delete(nodeId);
	}

	/** The caller writes it to the database, and says `setSaved`, unless only its offset is new. */
	setObservation(nodeId: string, observation: StoredObservation): void {
		const before = this.#observations.get(nodeId);
		if (before === undefined || !isSameButForOffset(before, observation)) this.#unsaved.add(nodeId);
		this.#observations.set(nodeId, observation);
		const answers = observation.phase !== "exited" && observation.silentSince === null;
		if (answers) this.#goneSince.delete(nodeId);
		else if (!this.#goneSince.has(nodeId)) this.#goneSince.set(nodeId, this.#clock.now().getTime());
	}

	/** A replica has become a primary. */
	notePromotion(nodeId: string): void {
		this.#promotedAt.set(nodeId, this.#clock.now().getTime());
	}

	/** When a replica was last seen to have become a primary; null when that was before this control plane began. */
	promotedAt(nodeId: string): number | null {
		return this.#promotedAt.get(nodeId) ?? null;
	}

	/** When it was first known that the node's process doesn't answer, or has ended; null when it isn't. */
	goneSince(nodeId: string): number | null {
		return this.#goneSince.get(nodeId) ?? null;
	}

	setSentinel(host: { id: string; address: string }, observation: SentinelObservation): void {
		const { caches, ...rest } = observation;
		const byId = new Map(caches.map((cache) => [cache.cacheId, cache]));
		this.#sentinels.set(host.id, { ...rest, address: host.address, caches: byId });
	}

	sentinel(hostId: string): HostSentinel | null {
		return this.#sentinels.get(hostId) ?? null;
	}

	/** Sentinels of hosts that report which watch a cache, and what they say of it. */
	sentinelsOf(cacheId: string): { host: string; port: number; failoverUnderWay: boolean }[] {
		return [...this.#sentinels].flatMap(([hostId, { address, port, caches }]) => {
			const watched = caches.get(cacheId);
			if (watched === undefined || port === null || this.isSuspect(hostId)) return [];
			return [{ host: address, port, failoverUnderWay: watched.failoverUnderWay }];
		});
	}

	/** Names the caches whose endpoints on that host have changed. */
	setGateway(
		host: { id: string; name: string; address: string },
		observation: GatewayObservation,
	): string[] {
		const before = this.#gateways.get(host.id);
		const routes = new Map(observation.routes.map((route) => [route.cacheId, route]));
		this.#gateways.set(host.id, {
			...observation,
			hostName: host.name,
			address: host.address,
			routes,
		});
		const ids = new Set([...(before?.routes.keys() ?? []), ...routes.keys()]);
		const same = (id: string) =>
			before?.phase === observation.phase &&
			JSON.stringify(before.routes.get(id)) === JSON.stringify(routes.get(id));
		return [...ids].filter((id) => !same(id));
	}

	gateway(hostId: string): HostGateway | null {
		return this.#gateways.get(hostId) ?? null;
	}

	onlineHostIds(): string[] {
		return [...this.#online];
	}

	setMetrics(nodeId: string, at: Date, metrics: NodeMetrics): void {
		this.#metrics.set(nodeId, { at: at.getTime(), metrics });
	}

	metrics(nodeId: string): NodeMetrics | null {
		const newest = this.#metrics.get(nodeId);
		if (newest === undefined) return null;
		return this.#clock.now().getTime() - newest.at > METRICS_FRESH_MS ? null : newest.metrics;
	}

	forgetObservation(nodeId: string): void {
		this.#observations.delete(nodeId);
		this.#goneSince.delete(nodeId);
	}

	forgetNode(nodeId: string): void {
		this.#cacheIds.delete(nodeId);
		this.#unsaved.delete(nodeId);
		this.#promotedAt.delete(nodeId);
		this.forgetObservation(nodeId);
		this.#metrics.delete(nodeId);
	}
}
