import { expect, test, vi } from "vitest";
import type { Reading } from "../control/outbox.ts";
import type { EngineCounters } from "../drivers/driver.ts";
import { MetricsSampler, metricsBetween, untilNextRound } from "./metrics-sampler.ts";

const none = { calls: 0, usec: 0 };
const counters: EngineCounters = {
	...{ processId: 7, storedBytes: 0 },
	usage: {
		...{ uptimeSeconds: 600, bytes: { total: 0, clients: 0 }, cpuUsec: 0 },
		requests: { direct: 0, replicable: null },
		...{ simple: none, heavy: { direct: none, replicable: none } },
	},
	...{ memoryUsedBytes: 10, memoryMaxBytes: 100, clients: 2, refusedClients: 0, keys: 5 },
	...{ hits: 100, misses: 10, evictions: 0, cpuSeconds: 1 },
	requests: { direct: 1_000, replicable: null },
	replicationLagBytes: 7,
	uptimeSeconds: 600,
};
const after = (direct: number): EngineCounters => ({
	...counters,
	requests: { direct, replicable: null },
});
const readingOf = (current: EngineCounters | null) =>
	current === null ? null : { process: "p", counters: current };

test("rates are per second of the time between two readings", () => {
	const later = { ...after(1_500), hits: 150, misses: 10, cpuSeconds: 2 };
	const metrics = metricsBetween({ counters, at: 0 }, { counters: later, at: 5_000 });
	expect(metrics).toMatchObject({
		...{ opsPerSecond: 100, hitsPerSecond: 10, missesPerSecond: 0, cpuPercent: 20 },
		...{ keys: 5, replicationLagBytes: 7 },
	});
});

test("counters of a new process count from zero", () => {
	const metrics = metricsBetween({ counters, at: 0 }, { counters: after(50), at: 5_000 });
	expect(metrics.opsPerSecond).toBe(10);
});

test("rounds begin at the same moments on all hosts, and one that comes early doesn't count twice", () => {
	expect(untilNextRound(1_000_001_200)).toBe(3_800);
	expect(untilNextRound(1_000_005_000)).toBe(5_000);
	expect(untilNextRound(1_000_004_999)).toBe(5_001);
});

test("what an engine did before its planned end belongs to the round that it doesn't live to see", async () => {
	const samples: Reading[] = [];
	let current: EngineCounters | null = counters;
	const instance = { id: "node", sample: async () => readingOf(current) };
	const sampler = new MetricsSampler(
		() => [instance],
		(sample) => samples.push(sample),
		() => undefined,
	);
	// An earlier agent has read this engine: what it did since then isn't known.
	sampler.noteLast("node", { process: "p", counters });
	await sampler.sampleAll();
	expect(samples).toEqual([]);
	sampler.noteLast("node", { process: "p", counters: after(1_500) });
	expect(samples[0]?.metrics.opsPerSecond).toBe(100);
	expect(samples[0]?.at).toBeGreaterThan(performance.now() - 1_000);
	// The round has its sample; the next process belongs to the one after it.
	current = after(3);
	await sampler.sampleAll();
	expect(samples).toHaveLength(1);
});

test("a process that was never read before counts from its start", async () => {
	const samples: Reading[] = [];
	const clock = vi.spyOn(performance, "now");
	let current: EngineCounters | null = null;
	const instance = { id: "node", sample: async () => readingOf(current) };
	// Whole milliseconds, so that rates are exact.
	clock.mockReturnValue(1_000);
	const sampler = new MetricsSampler(
		() => [instance],
		(sample) => samples.push(sample),
		() => undefined,
	);
	const rounds = async (...readings: (EngineCounters | null)[]) => {
		for (const reading of readings) {
			clock.mockReturnValue(performance.now() + 5_000);
			current = reading;
			await sampler.sampleAll();
		}
		return samples.splice(0).map(({ metrics }) => metrics.opsPerSecond);
	};
	const started = (uptimeSeconds: number, direct: number) => ({ ...after(direct), uptimeSeconds });
	// It didn't answer in the first round. Later one round goes unanswered, and the next covers both.
	expect(await rounds(null, started(4, 50), started(9, 550), null, started(19, 1_550))).toEqual([
		10, 100, 100,
	]);
	// Another process has taken its place, and has carried out more than the first had.
	expect(await rounds(started(2, 5_000))).toEqual([1_000]);
	clock.mockRestore();
});
