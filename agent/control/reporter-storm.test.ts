import { pino } from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { heartbeatOf } from "../../server/contract/limits.ts";
import { NoAnswerInTime } from "./control-client.ts";
import { Outbox, type OutboxBatch } from "./outbox.ts";
import { type HostSnapshot, Reporter } from "./reporter.ts";

const HOSTS = 30;
const NODES_PER_HOST = 10;
const ROUND_MS = 5_000;
const TIMEOUT_MS = 10_000;
/** At rest, heartbeats take 32% of its processor and samples 36%. */
const REPORT_MS = 8;
const SAMPLE_MS = 6;
const METRICS = {
	...{ memoryUsedBytes: 1, memoryMaxBytes: 1, clients: 1, opsPerSecond: 1, hitsPerSecond: 1 },
	...{ missesPerSecond: 1, keys: 1, evictionsPerSecond: 1, cpuPercent: 1 },
	replicationLagBytes: null,
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A control plane with one processor, which takes reports one after another. Its work takes time whether or not it is awaited. */
class SlowControlPlane {
	isAway = false;
	late = 0;
	/** What hosts have said about themselves since the control plane was last away. */
	readonly heardFrom = new Map<number, number>();
	private busyUntil = 0;

	report(host: number, samples: number): Promise<{ heartbeatMs: number; readingsStored: boolean }> {
		if (this.isAway) return Promise.reject(new Error("ECONNREFUSED"));
		const now = performance.now();
		this.busyUntil = Math.max(now, this.busyUntil) + REPORT_MS + samples * SAMPLE_MS;
		const takesMs = this.busyUntil - now;
		return new Promise((resolve, reject) => {
			if (takesMs > TIMEOUT_MS) {
				this.late++;
				setTimeout(() => reject(new NoAnswerInTime("report", TIMEOUT_MS)), TIMEOUT_MS);
				return;
			}
			setTimeout(() => {
				if (!this.heardFrom.has(host)) this.heardFrom.set(host, performance.now());
				resolve({ heartbeatMs: heartbeatOf(HOSTS), readingsStored: true });
			}, takesMs);
		});
	}
}

function startHost(controlPlane: SlowControlPlane, host: number) {
	const outbox = new Outbox();
	const snapshot: HostSnapshot = {
		...{ epoch: 1, revision: 1, observations: [], setAside: [] },
		facts: {
			...{ agentVersion: "1", bindAddress: "127.0.0.1", advertisedAddress: "127.0.0.1" },
			...{ cpus: 2, memoryBytes: 1, bootId: `${host}`, engines: [], limits: "none" },
		},
		...{ gateway: null, sentinel: null, accelerators: null, warnings: null },
	};
	const reporter = new Reporter({
		...{ outbox, snapshot: () => snapshot, onShares: () => {}, logger: pino({ level: "silent" }) },
		client: {
			async report({ metrics }) {
				return { ...(await controlPlane.report(host, metrics.length)), ecpuShares: [] };
			},
		},
	});
	const sampling = setInterval(() => {
		for (let node = 0; node < NODES_PER_HOST; node++) {
			outbox.addSample({ assignmentId: `${node}`, at: performance.now(), metrics: METRICS });
		}
	}, ROUND_MS);
	void reporter.run();
	return {
		reporter,
		waiting: () => backlogOf(outbox.batch()),
		stop() {
			clearInterval(sampling);
			reporter.stop();
		},
	};
}

function backlogOf({ metrics }: OutboxBatch): number {
	return metrics.length;
}

it("a fleet that has been without a control plane for minutes doesn't overload the next one", async () => {
	const controlPlane = new SlowControlPlane();
	const hosts = Array.from({ length: HOSTS }, (_, host) => startHost(controlPlane, host));
	await vi.advanceTimersByTimeAsync(20_000);
	controlPlane.isAway = true;
	controlPlane.late = 0;
	for (const { reporter } of hosts) reporter.forget();
	await vi.advanceTimersByTimeAsync(120_000);
	controlPlane.isAway = false;
	controlPlane.heardFrom.clear();
	const backAt = performance.now();
	await vi.advanceTimersByTimeAsync(120_000);
	const waitsMs = [...controlPlane.heardFrom.values()].map((at) => at - backAt);
	expect(waitsMs).toHaveLength(HOSTS);
	expect(Math.max(...waitsMs)).toBeLessThan(5_000);
	expect(controlPlane.late).toBeLessThan(HOSTS / 10);
	// What had piled up is stored, and only what the last rounds brought waits.
	const waiting = hosts.map((host) => host.waiting());
	expect(Math.max(...waiting)).toBeLessThanOrEqual(5 * NODES_PER_HOST);
	for (const host of hosts) host.stop();
});
