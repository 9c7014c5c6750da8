import type { ElasticState, Growth } from "../contract/host-report.ts";
import { AGENT_TIMING } from "../contract/limits.ts";
import type { NodeMetrics } from "../contract/metrics.ts";
import { headroomOf } from "../domain/serverless/capacity.ts";
import { LoadWindow, type NodeLoad } from "../domain/serverless/load.ts";
import { CPU_HIGH } from "../domain/serverless/policy.ts";

/** How far back the share of throttled time looks. */
const THROTTLE_SPAN_MS = 10_000;

/** Samples in the minute between two meterings. */
const METERED_SAMPLES = 60_000 / AGENT_TIMING.metricsIntervalMs;

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
	/** Requests per second in the samples since then. */
	requestRates: number[];
	/** Oldest first. */
	throttled: Reading[];
	/** When a client was last there; null while that isn't known. */
	clientAt: number | null;
	isPressed: boolean;
}

/**
 * What elastic nodes do, in memory: it changes with every heartbeat, and after a restart the next reports bring it back.
 * Kept only for nodes that are asked for.
 */
export class ElasticLoads {
	readonly #nodes = new Map<string, Held>();
	/** Caches that someone needs awake, and who. */
	readonly #needed = new Map<string, { reason: string; at: number }>();

	/** Null until it has been reported. From now on the node's reports are kept. */
	load(nodeId: string, now: number): NodeLoad | null {
		return this.#watch(nodeId).window.load(now);
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
		const { clientAt } = this.#watch(nodeId);
		return clientAt === null ? null : Math.max(0, now - clientAt);
	}

	takeMetrics(nodeId: string, at: number, metrics: NodeMetrics): void {
		const held = this.#nodes.get(nodeId);
		if (held === undefined) return;
		const { memoryUsedBytes: usedBytes, cpuPercent } = metrics;
		const cpuShare = cpuPercent / 100;
		const { opsPerSecond } = metrics;
		held.requestRates = [...held.requestRates, opsPerSecond].slice(-METERED_SAMPLES);
		const ecpuPerSecond = opsPerSecond * held.ecpusPerRequest;
		held.window.add({ at, usedBytes, cpuShare, ecpuPerSecond });
		const freeBytes = metrics.memoryMaxBytes - usedBytes;
		held.isPressed = cpuShare > CPU_HIGH || freeBytes < headroomOf(metrics.memoryMaxBytes);
	}

	/**
	 * What metering has counted since it last did, once a minute. Between two of these, samples show how many requests there
	 * are, and metering how many ECPUs one takes.
	 */
	takeEcpus(nodeId: string, ecpuPerSecond: number): void {
		const held = this.#nodes.get(nodeId);
		if (held === undefined || held.requestRates.length === 0) return;
		const requests = held.requestRates.reduce((sum, rate) => sum + rate, 0);
		const perSecond = requests / held.requestRates.length;
		if (perSecond >= 1) held.ecpusPerRequest = Math.max(1, ecpuPerSecond / perSecond);
		held.requestRates = [];
	}

	/** Its newest sample may ask for another capacity before the reconciler's next regular look. */
	isPressed(nodeId: string): boolean {
		return this.#nodes.get(nodeId)?.isPressed ?? false;
	}

	takeState(nodeId: string, at: number, state: ElasticState): void {
		const held = this.#nodes.get(nodeId);
		if (held === undefined) return;
		const { usedBytes, throttledMs, idleMs } = state;
		held.clientAt = idleMs === undefined ? null : at - idleMs;
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

	#watch(nodeId: string): Held {
		const held = this.#nodes.get(nodeId) ?? {
			...{ window: new LoadWindow(), throttled: [], isPressed: false },
			...{ ecpusPerRequest: 1, requestRates: [], clientAt: null },
		};
		this.#nodes.set(nodeId, held);
		return held;
	}
}

/** Not if the clock has been set back since then. */
function isLately(at: number, now: number): boolean {
	return at <= now && now - at <= THROTTLE_SPAN_MS;
}
