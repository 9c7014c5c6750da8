import { pino } from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ReportMessage } from "../../server/contract/host-report.ts";
import { ControlPlaneRefusal } from "./control-client.ts";
import { Outbox } from "./outbox.ts";
import { type HostSnapshot, Reporter } from "./reporter.ts";

type Report = Omit<ReportMessage, "protocol">;

const HEARTBEAT_MS = 3_000;
const ENGINES = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
const sampleOf = (assignmentId: string) => ({
	...{ assignmentId, at: performance.now() },
	metrics: {
		...{ memoryUsedBytes: 1, memoryMaxBytes: 1, clients: 1, opsPerSecond: 1, hitsPerSecond: 1 },
		...{ missesPerSecond: 1, keys: 1, evictionsPerSecond: 1, cpuPercent: 1 },
		replicationLagBytes: null,
	},
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An agent with ten engines on a host of a large fleet, and a control plane that answers as told. */
function startReporter() {
	const outbox = new Outbox();
	const reports: { at: number; report: Report }[] = [];
	let answer: () => { readingsStored: boolean } = () => ({ readingsStored: true });
	const snapshot: HostSnapshot = {
		...{ epoch: 1, revision: 1, observations: [], setAside: [] },
		facts: {
			...{ agentVersion: "1", bindAddress: "127.0.0.1", advertisedAddress: "127.0.0.1" },
			...{ cpus: 2, memoryBytes: 1, bootId: "boot", engines: [], limits: "none" },
		},
		gateway: { phase: "running", version: "3", reason: null, routeRevision: 1, routes: [] },
		...{ sentinel: null, accelerators: null, warnings: [] },
	};
	const reporter = new Reporter({
		...{ outbox, snapshot: () => snapshot, onShares: () => {}, logger: pino({ level: "silent" }) },
		client: {
			async report(report) {
				reports.push({ at: performance.now(), report });
				return { heartbeatMs: HEARTBEAT_MS, ecpuShares: [], ...answer() };
			},
		},
	});
	const readings = setInterval(() => {
		for (const id of ENGINES) outbox.addSample(sampleOf(id));
	}, 5_000);
	const run = reporter.run();
	return {
		reports,
		reporter,
		answers(next: typeof answer) {
			answer = next;
		},
		async stop() {
			clearInterval(readings);
			reporter.stop();
			await run;
		},
	};
}

const refuse = () => {
	throw new ControlPlaneRefusal("report: the database is away", 503, null, null);
};

it("sends no more, and no more often, to a control plane that fails than before", async () => {
	const { reports, answers, stop } = startReporter();
	await vi.advanceTimersByTimeAsync(60_000);
	const [first, ...calm] = reports.splice(0);
	expect(first?.report.facts).not.toBeNull();
	expect(calm.length).toBeGreaterThanOrEqual(19);
	answers(refuse);
	await vi.advanceTimersByTimeAsync(60_000);
	const failed = reports.splice(0);
	expect(failed.length).toBeGreaterThan(10);
	expect(failed.length).toBeLessThanOrEqual(calm.length);
	for (const [index, { report }] of failed.entries()) {
		expect(report).toMatchObject({ facts: null, gateway: null, observations: null });
		if (index > 0) expect(report.metrics).toEqual([]);
	}
	await stop();
});

it("brings what has piled up in growing parts once the control plane can take it", async () => {
	const { reports, answers, stop } = startReporter();
	answers(() => ({ readingsStored: false }));
	await vi.advanceTimersByTimeAsync(300_000);
	reports.splice(0);
	answers(() => ({ readingsStored: true }));
	await vi.advanceTimersByTimeAsync(30_000);
	const parts = reports.map(({ report }) => report.metrics.length);
	expect(parts.slice(0, 6)).toEqual([0, 10, 20, 40, 80, 160]);
	expect(parts.at(-1)).toBeLessThanOrEqual(10);
	await stop();
});

it("repeats what a failed report said, and everything once the control plane may have forgotten", async () => {
	const { reports, reporter, answers, stop } = startReporter();
	await vi.advanceTimersByTimeAsync(10_000);
	answers(refuse);
	reporter.forget();
	reports.splice(0);
	await vi.advanceTimersByTimeAsync(20_000);
	const haveFacts = () => reports.splice(0).map(({ report }) => report.facts !== null);
	expect(new Set(haveFacts())).toEqual(new Set([true]));
	answers(() => ({ readingsStored: true }));
	await vi.advanceTimersByTimeAsync(10_000);
	const [first, ...others] = haveFacts();
	expect([first, ...new Set(others)]).toEqual([true, false]);
	const forgottenAt = performance.now();
	vi.spyOn(Math, "random").mockReturnValue(0.5);
	reporter.forget();
	await vi.advanceTimersByTimeAsync(HEARTBEAT_MS);
	const [again] = reports;
	expect(again?.report).toMatchObject({ facts: { cpus: 2 }, gateway: { phase: "running" } });
	// Hosts of a large fleet don't all do so at once.
	expect((again?.at ?? 0) - forgottenAt).toBeCloseTo((HEARTBEAT_MS - 750) / 2, -1);
	await stop();
});
