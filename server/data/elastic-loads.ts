import type { Growth } from "../contract/host-alert.ts";
import type { EcpuShare, ElasticState } from "../contract/host-report.ts";
import type { NodeMetrics } from "../contract/metrics.ts";
import { headroomOf } from "../domain/serverless/capacity.ts";
import { LoadWindow, type NodeLoad } from "../domain/serverless/load.ts";
import { CPU_HIGH } from "../domain/serverless/policy.ts";
import { type EcpuUse, shareEcpus } from "../domain/serverless/share-ecpus.ts";

/** Fewer between two meterings say too little about how many ECPUs one takes. */
const REQUESTS_ENOUGH = 60;

/** How far back the share of throttled time looks. */
const THROTTLE_SPAN_MS = 10_000;

/** A cache's ECPU maximum, and the nodes that share it. */
export interface EcpuLimit {
	readonly perSecond: number;
	readonly nodes: readonly { readonly id: string; readonly hostId: string }[];
}

/** The reconciler looks at each cache far more often. */
const KEPT_UNASKED_MS = 30 * 60_000;

/** How long a cache counts as needed after someone has said so. */
const NEEDED_MS = 30_000;

interface Reading {
	at: number;
	throttledMs: number;
}

interface Held {
	window: LoadWindow;
	/** How many ECPUs a request takes, as metered in the last minute. */
	ecpusPerRequest: number;
	/** Oldest first. */
	throttled: Reading[];
	/** As its throttle measures it; null without a maximum. */
	ecpuPerSecond: number | null;
	/** When a client was last there; null while that isn't known. */
	clientAt: number | null;
	otherDatabases: boolean;
	isPressed: boolean;
	askedAt: number;
}

/**
 * What elastic nodes do, in memory: it changes with every heartbeat, and after a restart the next reports bring it back.
 * Kept only for nodes that are asked for.
 */
export class ElasticLoads {
	readonly #nodes = new Map<string, Held>();
	#sweptAt = 0;
	readonly #limits = new Map<string, EcpuLimit>();
	readonly #limitedOn = new Map<string, Set<string>>();
	/** Caches that someone needs awake, and who. */
	readonly #needed = new Map<string, { reason: string; at: number }>();

	/** Null until it has been reported. From now on the node's reports are kept. */
	load(nodeId: string, now: number): NodeLoad | null {
		this.#sweep(now);
		const held = this.#watch(nodeId);
		held.askedAt = now;
		return held.window.load(now);
	}

	/** Share of the last seconds in which clients of the node waited for the ECPU maximum, in percent; null if unknown. */
	throttledPercent(nodeId: string, now: number): number | null {
		const { throttled } = this.#watch(nodeId);
		const recent = throttled.filter(({ at }) => isLately(at, now));
		const [first, last] = [recent[0], recent.at(-1)];
		if (first === undefined || last === undefined || last.at === first.at) return null;
		const share = (last.throttledMs - first.throttledMs) / (last.at - first.at);
		return Math.min(100, Math.max(0, 100 * share));
	}

	/** How long no client has been connected to the node; 0 while one is, null if unknown. */
	idleMs(nodeId: string, now: number): number | null {
		const held = this.#watch(nodeId);
		held.askedAt = now;
		const { clientAt } = held;
		return clientAt === null ? null : Math.max(0, now - clientAt);
	}

	/** Whether the node has keys in databases other than 0, as far as is known. */
	usesOtherDatabases(nodeId: string): boolean {
		return this.#watch(nodeId).otherDatabases;
	}

	takeMetrics(nodeId: string, at: number, metrics: NodeMetrics): void {
		const held = this.#nodes.get(nodeId);
		if (held === undefined) return;
		const { memoryUsedBytes: usedBytes, cpuPercent } = metrics;
		const cpuShare = cpuPercent / 100;
		const ecpuPerSecond = metrics.opsPerSecond * held.ecpusPerRequest;
		held.window.add({ at, usedBytes, cpuShare, ecpuPerSecond });
		const freeBytes = metrics.memoryMaxBytes - usedBytes;
		held.isPressed = cpuShare > CPU_HIGH || freeBytes < headroomOf(metrics.memoryMaxBytes);
	}

	/**
	 * What metering has counted since it last did, once a minute. Between two of these, samples show how many requests there
	 * are, and metering how many ECPUs one takes. Both numbers are of the same time: a load that begins or ends between two
	 * samples must not look like one of heavy requests.
	 */
	takeEcpus(nodeId: string, { ecpus, requests }: { ecpus: number; requests: number }): void {
		const held = this.#nodes.get(nodeId);
		if (held === undefined || requests < REQUESTS_ENOUGH) return;
		held.ecpusPerRequest = Math.max(1, ecpus / requests);
	}

	/** Its newest sample may ask for another capacity before the reconciler's next regular look. */
	isPressed(nodeId: string): boolean {
		return this.#nodes.get(nodeId)?.isPressed ?? false;
	}

	takeState(nodeId: string, at: number, state: ElasticState): void {
		const held = this.#nodes.get(nodeId);
		if (held === undefined) return;
		const { usedBytes, throttledMs, idleMs } = state;
		held.ecpuPerSecond = state.ecpuPerSecond ?? null;
		held.clientAt = idleMs === undefined ? null : at - idleMs;
		held.otherDatabases = state.otherDatabases === true;
		held.window.addUsed(at, usedBytes);
		const kept = held.throttled.filter(
			(each) => isLately(each.at, at) && each.throttledMs <= throttledMs,
		);
		held.throttled = [...kept, { at, throttledMs }];
	}

	/** It says itself that it needs more memory. */
	takeGrowth(nodeId: string, at: number, growth: Growth): void {
		const { usedBytes, bytesPerSecond, hasClients = false } = growth;
		const held = this.#watch(nodeId);
		held.window.addGrowth(at, usedBytes, bytesPerSecond);
		if (hasClients) held.clientAt = at;
	}

	/** Null for no maximum. */
	setLimit(cacheId: string, limit: EcpuLimit | null): void {
		for (const { hostId } of this.#limits.get(cacheId)?.nodes ?? []) {
			this.#limitedOn.get(hostId)?.delete(cacheId);
		}
		if (limit === null) {
			this.#limits.delete(cacheId);
			return;
		}
		this.#limits.set(cacheId, limit);
		for (const { hostId } of limit.nodes) {
			const own = this.#limitedOn.get(hostId) ?? new Set();
			this.#limitedOn.set(hostId, own.add(cacheId));
		}
	}

	/** How much of their caches' maxima the nodes of a host may use now. */
	sharesOn(hostId: string): EcpuShare[] {
		return [...(this.#limitedOn.get(hostId) ?? [])].flatMap((cacheId) => {
			const limit = this.#limits.get(cacheId);
			if (limit === undefined) return [];
			const shares = shareEcpus(
				limit.perSecond,
				limit.nodes.map(({ id }) => this.#useOf(id)),
			);
			return limit.nodes.flatMap(({ id: assignmentId, hostId: on }, index) => {
				const perSecond = Math.max(1, Math.floor(shares[index] ?? 0));
				return on === hostId ? [{ assignmentId, perSecond }] : [];
			});
		});
	}

	#useOf(nodeId: string): EcpuUse {
		const { ecpuPerSecond, throttled } = this.#watch(nodeId);
		const [before, last] = throttled.slice(-2);
		const isThrottled = (last?.throttledMs ?? 0) > (before?.throttledMs ?? 0);
		return { perSecond: ecpuPerSecond ?? 0, isThrottled };
	}

	/** Someone needs the cache awake: `reason` says who, as a clause. Agents say so again while clients wait. */
	need(cacheId: string, reason: string, at: number): void {
		this.#needed.set(cacheId, { reason, at });
	}

	/** Null for nobody. */
	wakeReason(cacheId: string, now: number): string | null {
		const needed = this.#needed.get(cacheId);
		if (needed === undefined) return null;
		if (now - needed.at <= NEEDED_MS) return needed.reason;
		this.#needed.delete(cacheId);
		return null;
	}

	forget(nodeId: string): void {
		this.#nodes.delete(nodeId);
	}

	/** A node that was asked for once more after it had been forgotten isn't kept for ever. */
	#sweep(now: number): void {
		if (Math.abs(now - this.#sweptAt) < KEPT_UNASKED_MS) return;
		this.#sweptAt = now;
		for (const [nodeId, { askedAt }] of this.#nodes) {
			if (askedAt < now - KEPT_UNASKED_MS) this.#nodes.delete(nodeId);
		}
	}

	#watch(nodeId: string): Held {
		const held = this.#nodes.get(nodeId) ?? {
			...{ window: new LoadWindow(), throttled: [], isPressed: false },
			...{ ecpusPerRequest: 1, clientAt: null, ecpuPerSecond: null },
			otherDatabases: false,
			askedAt: 0,
		};
		this.#nodes.set(nodeId, held);
		return held;
	}
}

/** Not if the clock has been set back since then. */
function isLately(at: number, now: number): boolean {
	return at <= now && now - at <= THROTTLE_SPAN_MS;
}
