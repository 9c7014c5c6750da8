import { AGENT_TIMING } from "../../server/contract/limits.ts";
import type { NodeMetrics } from "../../server/contract/metrics.ts";
import type { MetricsSample } from "../control/outbox.ts";
import type { EngineCounters } from "../drivers/driver.ts";

interface Sampled {
	readonly id: string;
	sample(): Promise<EngineCounters | null>;
}

interface Reading {
	readonly counters: EngineCounters;
	readonly at: number;
}

/**
 * Rates over the time between two readings. A counter that fell belongs to a new process: then it has been counting
 * from zero, and what it shows happened since.
 */
export function metricsBetween(before: Reading, after: Reading): NodeMetrics {
	const seconds = Math.max(0.001, (after.at - before.at) / 1_000);
	const rate = (pick: (counters: EngineCounters) => number) => {
		const now = pick(after.counters);
		const then = pick(before.counters);
		return Math.max(0, now >= then ? now - then : now) / seconds;
	};
	const { counters } = after;
	return {
		memoryUsedBytes: counters.memoryUsedBytes,
		memoryMaxBytes: counters.memoryMaxBytes,
		clients: counters.clients,
		opsPerSecond: rate((each) => each.commands),
		hitsPerSecond: rate((each) => each.hits),
		missesPerSecond: rate((each) => each.misses),
		keys: counters.keys,
		evictionsPerSecond: rate((each) => each.evictions),
		cpuPercent: rate((each) => each.cpuSeconds) * 100,
		replicationLagBytes: counters.replicationLagBytes,
	};
}

/** Reads every running engine each 5 s. The first reading of a node gives no sample, since rates need two. */
export class MetricsSampler {
	private readonly last = new Map<string, Reading>();
	private readonly instances: () => Iterable<Sampled>;
	private readonly onSample: (sample: MetricsSample) => void;
	private timer: NodeJS.Timeout | null = null;

	constructor(instances: () => Iterable<Sampled>, onSample: (sample: MetricsSample) => void) {
		this.instances = instances;
		this.onSample = onSample;
	}

	start(): void {
		this.timer = setInterval(() => void this.sampleAll(), AGENT_TIMING.metricsIntervalMs);
	}

	stop(): void {
		if (this.timer !== null) clearInterval(this.timer);
	}

	/** One round over all instances. */
	async sampleAll(): Promise<void> {
		const present = new Set<string>();
		const readings = [...this.instances()].map(async (instance) => {
			present.add(instance.id);
			const counters = await instance.sample();
			const before = this.last.get(instance.id);
			if (counters === null) {
				this.last.delete(instance.id);
				return;
			}
			const after = { counters, at: performance.now() };
			this.last.set(instance.id, after);
			if (before === undefined) return;
			this.onSample({
				assignmentId: instance.id,
				at: new Date().toISOString(),
				metrics: metricsBetween(before, after),
			});
		});
		await Promise.all(readings);
		for (const id of this.last.keys()) if (!present.has(id)) this.last.delete(id);
	}
}
