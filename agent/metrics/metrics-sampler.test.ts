import { expect, test } from "vitest";
import type { EngineCounters } from "../drivers/driver.ts";
import { metricsBetween } from "./metrics-sampler.ts";

const counters: EngineCounters = {
	...{ memoryUsedBytes: 10, memoryMaxBytes: 100, clients: 2, keys: 5 },
	...{ commands: 1_000, hits: 100, misses: 10, evictions: 0, cpuSeconds: 1 },
	replicationLagBytes: 7,
};

test("rates are per second of the time between two readings", () => {
	const later = { ...counters, commands: 1_500, hits: 150, misses: 10, cpuSeconds: 2 };
	const metrics = metricsBetween({ counters, at: 0 }, { counters: later, at: 5_000 });
	expect(metrics).toMatchObject({
		...{ opsPerSecond: 100, hitsPerSecond: 10, missesPerSecond: 0, cpuPercent: 20 },
		...{ keys: 5, replicationLagBytes: 7 },
	});
});

test("counters of a new process count from zero", () => {
	const later = { ...counters, commands: 50 };
	const metrics = metricsBetween({ counters, at: 0 }, { counters: later, at: 5_000 });
	expect(metrics.opsPerSecond).toBe(10);
});
