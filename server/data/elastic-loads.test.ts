import { expect, test } from "vitest";
import type { NodeMetrics } from "../contract/metrics.ts";
import { ElasticLoads } from "./elastic-loads.ts";

const NODE = "a-node";
const SAMPLE_MS = 5_000;

const metrics = (opsPerSecond: number): NodeMetrics => ({
	...{ memoryUsedBytes: 0, memoryMaxBytes: 1, clients: 1, opsPerSecond, keys: 0, cpuPercent: 0 },
	...{ hitsPerSecond: 0, missesPerSecond: 0, evictionsPerSecond: 0, replicationLagBytes: null },
});

/** Requests a second in samples 5 s apart, of which metering sees more than they do. */
function ecpusAfter(rates: readonly number[], metered: { ecpus: number; requests: number }) {
	const loads = new ElasticLoads();
	loads.load(NODE, 0);
	for (const [index, rate] of rates.entries()) {
		loads.takeMetrics(NODE, index * SAMPLE_MS, metrics(rate));
	}
	loads.takeEcpus(NODE, metered);
	const now = rates.length * SAMPLE_MS;
	loads.takeMetrics(NODE, now, metrics(640));
	return loads.load(NODE, now)?.ecpuPerSecond;
}

test("ECPUs per second are requests of samples by what metering says that each took", () => {
	expect(ecpusAfter([640, 640], { ecpus: 64 * 6_400, requests: 6_400 })).toBe(64 * 640);
});

test("a load that begins after the last sample before a metering isn't taken for one of heavy requests", () => {
	const idle = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20];
	expect(ecpusAfter(idle, { ecpus: 64 * 3_200, requests: 3_200 })).toBe(64 * 640);
});

test("a few requests don't say how heavy others are", () => {
	expect(ecpusAfter([1], { ecpus: 60_000, requests: 5 })).toBe(640);
});
