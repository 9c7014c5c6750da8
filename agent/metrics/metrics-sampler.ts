import { increase, requestsBetween } from "../../server/contract/client-requests.ts";
import { AGENT_TIMING } from "../../server/contract/limits.ts";
import type { NodeMetrics } from "../../server/contract/metrics.ts";
import type { PendingUsage, Reading as Sample } from "../control/outbox.ts";
import type { EngineCounters } from "../drivers/driver.ts";
import { type MeteredReading, UsageMeter } from "./usage-meter.ts";

interface Sampled {
	readonly id: string;
	sample(): Promise<MeteredReading | null>;
}

interface Reading {
	readonly counters: EngineCounters;
	readonly at: number;
}

const INTERVAL_MS = AGENT_TIMING.metricsIntervalMs;
/** A timer that fires this early has fired for the round that is about to begin. */
const EARLY_MS = 500;

/** What happened between two readings, or since the process's start, as rates over `seconds`. */
export function metricsBetween(
	before: Reading | null,
	after: Reading,
	seconds = INTERVAL_MS / 1_000,
): NodeMetrics {
	const { counters } = after;
	const rate = (pick: (counters: EngineCounters) => number) =>
		increase(before === null ? 0 : pick(before.counters), pick(counters)) / seconds;
	const sinceSeconds = before === null ? counters.uptimeSeconds : (after.at - before.at) / 1_000;
	return {
		memoryUsedBytes: counters.memoryUsedBytes,
		memoryMaxBytes: counters.memoryMaxBytes,
		clients: counters.clients,
		opsPerSecond:
			requestsBetween(before?.counters.requests ?? null, counters.requests, sinceSeconds) / seconds,
		hitsPerSecond: rate((each) => each.hits),
		missesPerSecond: rate((each) => each.misses),
		keys: counters.keys,
		evictionsPerSecond: rate((each) => each.evictions),
		cpuPercent: rate((each) => each.cpuSeconds) * 100,
		replicationLagBytes: counters.replicationLagBytes,
	};
}

/** How long until the next round. All hosts begin theirs at the same moments, so that samples of nodes can be added up. */
export function untilNextRound(now: number): number {
	const waitMs = INTERVAL_MS - (now % INTERVAL_MS);
	return waitMs < EARLY_MS ? waitMs + INTERVAL_MS : waitMs;
}

/**
 * Reads every running engine every 5 s. The first reading of an engine that an earlier agent has read gives
 * no sample, since rates need two; an engine that began later has counted from zero.
 */
export class MetricsSampler {
	private readonly last = new Map<string, Reading>();
	private readonly instances: () => Iterable<Sampled>;
	private readonly onSample: (sample: Sample) => void;
	private readonly meter: UsageMeter;
	private readonly createdAt = performance.now();
	private timer: NodeJS.Timeout | null = null;

	constructor(
		instances: () => Iterable<Sampled>,
		onSample: (sample: Sample) => void,
		onUsage: (reading: PendingUsage) => void,
	) {
		this.instances = instances;
		this.onSample = onSample;
		this.meter = new UsageMeter(onUsage);
	}

	start(): void {
		this.timer = setTimeout(() => {
			this.start();
			void this.sampleAll();
		}, untilNextRound(Date.now()));
	}

	stop(): void {
		if (this.timer !== null) clearTimeout(this.timer);
	}

	/** One round over all instances. */
	async sampleAll(): Promise<void> {
		const present = new Set<string>();
		const readings = [...this.instances()].map(async (instance) => {
			present.add(instance.id);
			const reading = await instance.sample();
			const at = performance.now();
			if (reading === null) {
				// The next reading of an engine that doesn't answer now covers both rounds.
				this.meter.flush(instance.id);
				return;
			}
			this.take(instance.id, { counters: reading.counters, at });
			this.meter.take(instance.id, reading, at);
		});
		await Promise.all(readings);
		this.meter.keepOnly(present);
		for (const id of this.last.keys()) if (!present.has(id)) this.last.delete(id);
	}

	private take(assignmentId: string, after: Reading): void {
		const before = this.last.get(assignmentId);
		// The engine was about to end, and this round's sample has been taken (see noteLast).
		if (before !== undefined && after.at - before.at < INTERVAL_MS / 2) return;
		this.last.set(assignmentId, after);
		const { at } = after;
		if (this.isNew(after, before)) {
			this.onSample({ assignmentId, at, metrics: metricsBetween(null, after) });
		} else if (before !== undefined) {
			const seconds = (at - before.at) / 1_000;
			this.onSample({ assignmentId, at, metrics: metricsBetween(before, after, seconds) });
		}
	}

	/** Whether the process has never been read: it began after the last reading, or after this agent. */
	private isNew({ counters, at }: Reading, before: Reading | undefined): boolean {
		// Engines give whole seconds.
		return at - (counters.uptimeSeconds + 1) * 1_000 >= (before?.at ?? this.createdAt);
	}

	/**
	 * The engine is about to end. Reports now what it did since the last round, as the sample of the round
	 * that it won't live to see.
	 */
	noteLast(assignmentId: string, last: MeteredReading): void {
		const { counters } = last;
		const now = { counters, at: performance.now() };
		this.meter.take(assignmentId, last, now.at);
		this.meter.flush(assignmentId);
		const before = this.last.get(assignmentId);
		const isNew = this.isNew(now, before);
		if (before === undefined && !isNew) return;
		const at = now.at + INTERVAL_MS - (Date.now() % INTERVAL_MS);
		this.last.set(assignmentId, { counters, at });
		this.onSample({
			assignmentId,
			at,
			metrics: metricsBetween(isNew ? null : (before ?? null), now),
		});
	}
}
