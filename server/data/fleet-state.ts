import type { GatewayObservation, SentinelObservation } from "../contract/host-report.ts";
import { AGENT_TIMING, heartbeatOf } from "../contract/limits.ts";
import type { NodeMetrics } from "../contract/metrics.ts";
import type { HostModel } from "../domain/cache/model.ts";
import type { Clock } from "../platform/clock.ts";
import { ElasticLoads } from "./elastic-loads.ts";
import { HostClocks } from "./host-clocks.ts";
import { HostCredentials } from "./host-credentials.ts";
import { HostProtocols } from "./host-protocols.ts";
import { HostWarnings } from "./host-warnings.ts";
import { NewestMetrics } from "./newest-metrics.ts";
import { QuietCaches } from "./quiet-caches.ts";
import { RefusedPorts } from "./refused-ports.ts";
import {
	isSameButForOffset,
	type StoredObservation,
	storedObservationSchema,
} from "./stored-observation.ts";

/** A host's last report about its gateway, with routes by cache id. */
export interface HostGateway extends Omit<GatewayObservation, "routes"> {
	hostName: string;
	/** The address that clients are given. */
	address: string;
	routes: Map<string, GatewayObservation["routes"][number]>;
}

/** A host's last report about its Sentinel, with caches by id. */
export interface HostSentinel extends Omit<SentinelObservation, "caches"> {
	/** The address where other hosts reach it. */
	address: string;
	caches: Map<string, SentinelObservation["caches"][number]>;
}

/** The cache that a node belongs to and the host that runs it. */
export interface NodePlace {
	cacheId: string;
	hostId: string;
}

export type HostContact = Pick<HostModel, "online" | "suspect" | "needsUpgrade">;

const START_GRACE_MS = 5_000;

/** If reading all hosts takes this long, hosts' reports wait as long. */
const BEHIND_MS = 2_000;

/**
 * State that changes with every heartbeat and therefore lives in memory, not in the database: leases,
 * offsets, the newest metrics. After a restart the agents' next reports restore all of it.
 */
export class FleetState {
	readonly clocks = new HostClocks();
	readonly credentials = new HostCredentials();
	readonly protocols = new HostProtocols();
	readonly warnings = new HostWarnings();
	readonly quiet: QuietCaches;
	readonly refusedPorts: RefusedPorts;
	readonly #clock: Clock;
	readonly #lastSeen = new Map<string, number>();
	readonly #online = new Set<string>();
	/** How many reports of a host are being processed; no entry for none. */
	readonly #answering = new Map<string, number>();
	readonly #observations = new Map<string, StoredObservation>();
	/** Nodes with observations that the database doesn't have yet. */
	readonly #unsaved = new Set<string>();
	readonly #places = new Map<string, NodePlace>();
	readonly #gateways = new Map<string, HostGateway>();
	readonly #sentinels = new Map<string, HostSentinel>();
	/** The ids of the hosts whose Sentinels say that they watch a cache, by its id. */
	readonly #watchers = new Map<string, Set<string>>();
	readonly #promotedAt = new Map<string, number>();
	/** When a node was first reported as silent or ended; no entry for one that answers. */
	readonly #goneSince = new Map<string, number>();
	/** No host is suspected before this time: after a start, hosts must first find this control plane. */
	#trustUntil: number;
	#heartbeatMs: number = AGENT_TIMING.heartbeatMs;
	/** So many hosts fell silent at the same time that this control plane is more likely cut off than they are lost. */
	safeMode = false;
	/** This control plane is too busy to tell hosts that are gone from hosts that it doesn't hear. */
	behind = false;
	#keepsUpSince = Number.NEGATIVE_INFINITY;
	readonly #metrics = new NewestMetrics();
	readonly elastic = new ElasticLoads();

	constructor(clock: Clock) {
		this.#clock = clock;
		this.quiet = new QuietCaches(clock);
		this.refusedPorts = new RefusedPorts(clock);
		this.#trustUntil = clock.now().getTime() + START_GRACE_MS;
	}

	/** Reading all hosts took this long. */
	noteRead(tookMs: number): void {
		if (tookMs >= BEHIND_MS) this.#keepsUpSince = this.#clock.now().getTime();
	}

	/** For how long this control plane has kept up with its hosts' reports, in milliseconds. */
	get keepsUpForMs(): number {
		return this.#clock.now().getTime() - this.#keepsUpSince;
	}

	/** At a start: the host was online when the control plane stopped, so it gets one lease to report. */
	assumeOnline(hostId: string): void {
		this.#lastSeen.set(hostId, this.#clock.now().getTime());
		this.#online.add(hostId);
	}

	/**
	 * Marks that a report of the host is being processed, until the caller calls the returned function.
	 * Meanwhile the host waits for our answer, so its silence doesn't count; its lease starts again at the end.
	 */
	beginReport(hostId: string): () => void {
		this.#answering.set(hostId, (this.#answering.get(hostId) ?? 0) + 1);
		return () => {
			const left = (this.#answering.get(hostId) ?? 1) - 1;
			if (left > 0) this.#answering.set(hostId, left);
			else this.#answering.delete(hostId);
			// Unless it was removed meanwhile.
			if (this.#lastSeen.has(hostId)) this.#lastSeen.set(hostId, this.#clock.now().getTime());
		};
	}

	/** This process was stalled for this long and couldn't hear any host, so that time doesn't count as their silence. */
	excuse(stalledMs: number): void {
		const now = this.#clock.now().getTime();
		for (const [hostId, at] of this.#lastSeen) {
			this.#lastSeen.set(hostId, Math.min(now, at + stalledMs));
		}
	}

	/** Renews the lease. True if the host was offline until now. */
	touch(hostId: string): boolean {
		this.#lastSeen.set(hostId, this.#clock.now().getTime());
		if (this.#online.has(hostId)) return false;
		this.#online.add(hostId);
		return true;
	}

	/** Marks hosts whose lease has run out as offline, and returns their ids. */
	expireLeases(): string[] {
		const deadline = this.#clock.now().getTime() - AGENT_TIMING.leaseMs;
		const expired = [...this.#online].filter(
			(id) => (this.#lastSeen.get(id) ?? 0) < deadline && !this.#answering.has(id),
		);
		for (const id of expired) this.#online.delete(id);
		return expired;
	}

	/** It couldn't be recorded that their leases have run out. */
	keepOnline(hostIds: readonly string[]): void {
		for (const id of hostIds) if (this.#lastSeen.has(id)) this.#online.add(id);
	}

	/** The host was removed from the fleet. */
	forgetHost(hostId: string): void {
		this.#lastSeen.delete(hostId);
		this.#online.delete(hostId);
		this.#gateways.delete(hostId);
		this.#forgetSentinel(hostId);
		this.refusedPorts.forgetHost(hostId);
		this.credentials.forgetHost(hostId);
		this.clocks.forgetHost(hostId);
		this.protocols.forgetHost(hostId);
		this.warnings.forgetHost(hostId);
	}

	/** The heartbeat interval that hosts are given, and measured by. */
	get heartbeatMs(): number {
		return this.#heartbeatMs;
	}

	setFleetSize(hosts: number): void {
		this.#heartbeatMs = heartbeatOf(hosts);
	}

	/** Its heartbeat is late: it may be gone, although its lease hasn't run out. */
	isSuspect(hostId: string): boolean {
		const now = this.#clock.now().getTime();
		if (now < this.#trustUntil || this.#answering.has(hostId)) return false;
		const lastSeen = this.#lastSeen.get(hostId) ?? 0;
		// An agent that is refused for its version calls at its retry interval.
		const everyMs = this.protocols.isForeign(hostId)
			? Math.max(this.#heartbeatMs, AGENT_TIMING.retryMaxMs)
			: this.#heartbeatMs;
		return now - lastSeen > everyMs + AGENT_TIMING.suspicionMs;
	}

	/** What this control plane can know of a host now. */
	contact(hostId: string): HostContact {
		const isLeased = this.isOnline(hostId);
		const isLate = this.isSuspect(hostId);
		const needsUpgrade = isLeased && !isLate && this.protocols.isForeign(hostId);
		return { online: isLeased && !needsUpgrade, suspect: isLate || needsUpgrade, needsUpgrade };
	}

	isOnline(hostId: string): boolean {
		return this.#online.has(hostId);
	}

	/** It is heard on time, and understood: it can be given work. */
	isInTouch(hostId: string): boolean {
		const { online, suspect } = this.contact(hostId);
		return online && !suspect;
	}

	lastSeenAt(hostId: string): Date | null {
		const at = this.#lastSeen.get(hostId);
		return at === undefined ? null : new Date(at);
	}

	/** `stored` is the database's copy, used if memory has none yet. */
	observation(nodeId: string, stored: unknown): StoredObservation | null {
		const held = this.#observations.get(nodeId);
		if (held !== undefined) return held;
		return stored === null ? null : storedObservationSchema.parse(stored);
	}

	/** Null until its host has reported it. */
	placeOf(nodeId: string): NodePlace | null {
		return this.#places.get(nodeId) ?? null;
	}

	setPlace(nodeId: string, place: NodePlace): void {
		this.#places.set(nodeId, place);
	}

	/** Whether the newest observation must still be written to the database. */
	isUnsaved(nodeId: string): boolean {
		return this.#unsaved.has(nodeId);
	}

	setSaved(nodeId: string): void {
		this.#unsaved.delete(nodeId);
	}

	/** The caller writes it to the database and calls `setSaved`, unless only its offset is new. */
	setObservation(nodeId: string, observation: StoredObservation): void {
		const before = this.#observations.get(nodeId);
		if (before === undefined || !isSameButForOffset(before, observation)) this.#unsaved.add(nodeId);
		this.#observations.set(nodeId, observation);
		this.#takeElastic(nodeId, observation);
		const { phase, silentSince } = observation;
		const answers = phase !== "exited" && phase !== "waiting" && silentSince === null;
		if (answers) this.#goneSince.delete(nodeId);
		else if (!this.#goneSince.has(nodeId)) this.#goneSince.set(nodeId, this.#clock.now().getTime());
	}

	/** Like `setObservation`, for one that differs from the newest in its offset at most. */
	setOffset(nodeId: string, observation: StoredObservation): void {
		this.#observations.set(nodeId, observation);
		this.#takeElastic(nodeId, observation);
	}

	#takeElastic(nodeId: string, { elastic }: StoredObservation): void {
		if (elastic === undefined) return;
		this.elastic.takeState(nodeId, this.#clock.now().getTime(), elastic);
	}

	/** A replica has become a primary. */
	notePromotion(nodeId: string): void {
		this.#promotedAt.set(nodeId, this.#clock.now().getTime());
	}

	/**
	 * When a replica was last seen to have become a primary; null if that was before this control plane
	 * started.
	 */
	promotedAt(nodeId: string): number | null {
		return this.#promotedAt.get(nodeId) ?? null;
	}

	/** When it was first known that the node's process doesn't answer, or has ended; null if it answers. */
	goneSince(nodeId: string): number | null {
		return this.#goneSince.get(nodeId) ?? null;
	}

	/** Whether the node has been gone for so long that every host that isn't a suspect has reported again since. */
	isGoneForCertain(nodeId: string): boolean {
		const since = this.goneSince(nodeId);
		return since !== null && this.#clock.now().getTime() - since > AGENT_TIMING.reportedAgainMs;
	}

	setSentinel(host: { id: string; address: string }, observation: SentinelObservation): void {
		const { caches, ...rest } = observation;
		const byId = new Map(caches.map((cache) => [cache.cacheId, cache]));
		this.#forgetSentinel(host.id);
		this.#sentinels.set(host.id, { ...rest, address: host.address, caches: byId });
		for (const cacheId of byId.keys()) {
			const watchers = this.#watchers.get(cacheId) ?? new Set();
			this.#watchers.set(cacheId, watchers.add(host.id));
		}
	}

	#forgetSentinel(hostId: string): void {
		for (const cacheId of this.#sentinels.get(hostId)?.caches.keys() ?? []) {
			const watchers = this.#watchers.get(cacheId);
			watchers?.delete(hostId);
			if (watchers?.size === 0) this.#watchers.delete(cacheId);
		}
		this.#sentinels.delete(hostId);
	}

	sentinel(hostId: string): HostSentinel | null {
		return this.#sentinels.get(hostId) ?? null;
	}

	/** Sentinels that watch a cache, on hosts that aren't suspects, and what they say about it. */
	sentinelsOf(cacheId: string): { host: string; port: number; failoverUnderWay: boolean }[] {
		return [...(this.#watchers.get(cacheId) ?? [])].flatMap((hostId) => {
			const sentinel = this.#sentinels.get(hostId);
			const watched = sentinel?.caches.get(cacheId);
			if (sentinel === undefined || watched === undefined) return [];
			const { address: host, port } = sentinel;
			if (port === null || this.isSuspect(hostId)) return [];
			return [{ host, port, failoverUnderWay: watched.failoverUnderWay }];
		});
	}

	/** Returns the ids of caches whose endpoints on that host have changed. */
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
		for (const { problem } of observation.routes) {
			if (problem?.code === "port-taken" && problem.port !== null) {
				this.refusedPorts.note(host.id, problem.port);
			}
		}
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

	/** It is online, and its agent understands the control plane. */
	isListening(hostId: string): boolean {
		return this.isOnline(hostId) && !this.protocols.isForeign(hostId);
	}

	setMetrics(nodeId: string, at: Date, metrics: NodeMetrics): void {
		const { cacheId = null } = this.placeOf(nodeId) ?? {};
		this.#metrics.add(nodeId, cacheId, at, metrics, this.#clock.now().getTime());
		this.elastic.takeMetrics(nodeId, at.getTime(), metrics);
	}

	/** When the newest sample was taken; null for none. */
	sampledAt(nodeId: string): number | null {
		return this.#metrics.sampledAt(nodeId);
	}

	metrics(nodeId: string): NodeMetrics | null {
		return this.#metrics.of(nodeId, this.#clock.now().getTime());
	}

	/** Samples of all nodes of a cache that can be added up (NewestMetrics). */
	cacheMetrics(cacheId: string): NodeMetrics[] {
		return this.#metrics.round(cacheId, this.#clock.now().getTime());
	}

	forgetObservation(nodeId: string): void {
		this.#observations.delete(nodeId);
		this.#goneSince.delete(nodeId);
	}

	forgetNode(nodeId: string): void {
		this.#places.delete(nodeId);
		this.#unsaved.delete(nodeId);
		this.#promotedAt.delete(nodeId);
		this.forgetObservation(nodeId);
		this.elastic.forget(nodeId);
		this.#metrics.leave(nodeId, this.#clock.now().getTime());
	}
}
