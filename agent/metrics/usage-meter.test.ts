import { expect, test } from "vitest";
import type { PendingUsage } from "../control/outbox.ts";
import type { EngineCounters } from "../drivers/driver.ts";
import { UsageMeter } from "./usage-meter.ts";

const none = { calls: 0, usec: 0 };
function reading(process: string, total: number, storedBytes = 0) {
	const usage = {
		...{ uptimeSeconds: 1, bytes: { total, clients: total }, cpuUsec: 0 },
		requests: { direct: 0, replicable: null },
		...{ simple: none, heavy: { direct: none, replicable: none } },
	};
	const counters: EngineCounters = {
		...{ processId: 1, usage, storedBytes, memoryUsedBytes: 0, memoryMaxBytes: 0, clients: 0 },
		...{ refusedClients: 0, keys: 0, requests: usage.requests, hits: 0, misses: 0 },
		...{ evictions: 0, cpuSeconds: 0, replicationLagBytes: null, uptimeSeconds: 1 },
	};
	return { process, counters };
}

function meterAt() {
	const reports: PendingUsage[] = [];
	const clock = { ms: 0 };
	const meter = new UsageMeter(
		(report) => reports.push(report),
		() => clock.ms,
	);
	const told = () =>
		reports
			.splice(0)
			.map(({ process, storedBytes, counters }) => [process, counters.bytes.total, storedBytes]);
	return { meter, clock, told };
}

test("the first reading of every minute is reported, with the mean of what was stored", () => {
	const { meter, clock, told } = meterAt();
	for (const [second, bytes] of [
		[5, 10],
		[30, 20],
		[60, 60],
		[65, 5],
	] as const) {
		clock.ms = second * 1_000;
		meter.take("n", reading("p", second, bytes), second);
	}
	expect(told()).toEqual([["p", 60, 30]]);
	clock.ms = 120_000;
	meter.take("n", reading("p", 120, 7), 120);
	expect(told()).toEqual([["p", 120, 6]]);
});

test("the last reading of a process that has ended is reported once", () => {
	const { meter, told } = meterAt();
	meter.take("n", reading("first", 5), 5);
	meter.take("n", reading("second", 2), 10);
	expect(told()).toEqual([["first", 5, 0]]);
	meter.flush("n");
	meter.flush("n");
	expect(told()).toEqual([["second", 2, 0]]);
	meter.take("n", reading("second", 3), 15);
	meter.keepOnly(new Set());
	meter.keepOnly(new Set());
	expect(told()).toEqual([["second", 3, 0]]);
});
