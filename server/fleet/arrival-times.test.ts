import { describe, expect, it, test } from "vitest";
import { AGENT_PROTOCOL_VERSION } from "../contract/agent.ts";
import type { ReportedObservation, ReportMessage } from "../contract/host-report.ts";
import { HUNG_TIMING } from "../contract/limits.ts";
import { isHung } from "../domain/cache/node-health.ts";
import { node, running } from "../domain/cache/testing/models.ts";
import { silenceStart, timedAlert, timedReport } from "./arrival-times.ts";

const ARRIVED = new Date("2026-06-01T12:00:00.000Z");
const agoMs = (ms: number) => new Date(ARRIVED.getTime() - ms).toISOString();

const silent: ReportedObservation = {
	...{ assignmentId: "n1", generation: 1, phase: "running", reason: null, pid: 7, port: 17_000 },
	...{
		launchPermit: 1,
		restarts: 0,
		reboot: 0,
		pendingParameters: [],
		clientLimit: null,
		engineState: null,
		keptData: false,
	},
	startedAt: "1999-12-31T23:59:59Z",
	busy: false,
	silentForMs: 1_500,
};
const metrics = {
	...{ memoryUsedBytes: 1, memoryMaxBytes: 2, clients: 1, opsPerSecond: 1, hitsPerSecond: 1 },
	...{ missesPerSecond: 0, keys: 1, evictionsPerSecond: 0, cpuPercent: 1 },
	replicationLagBytes: null,
};

/** A host's report while its own clock shows `clock`. */
const reportAt = (clock: string): ReportMessage => ({
	...{ protocol: AGENT_PROTOCOL_VERSION, epoch: 1, revision: 1, facts: null, setAside: [] },
	...{ gateway: null, sentinel: null, warnings: null, orders: [], clock },
	observations: [silent],
	events: [
		{
			...{ id: "00000000-0000-4000-8000-000000000000", ageMs: 60_000, severity: "error" },
			...{ type: "node.exited", message: "", assignmentId: null },
		},
	],
	metrics: [{ assignmentId: "n1", ageMs: 5_000, metrics }],
	usage: [],
});

describe("whatever a host's clock shows", () => {
	const clocks = [
		["right", ARRIVED.toISOString(), 0],
		["3 s ahead", agoMs(-3_000), 3_000],
		["an hour behind", agoMs(3_600_000), -3_600_000],
		["never set", "1970-01-01T00:00:00.000Z", -ARRIVED.getTime()],
		[
			"in another century",
			"2126-06-01T12:00:00.000Z",
			Date.parse("2126-06-01T12:00:00.000Z") - ARRIVED.getTime(),
		],
	] as const;

	it.each(clocks)(
		"everything that it reports gets a time by the control plane's clock: %s",
		(_name, clock, aheadMs) => {
			const { clockAheadMs, ...report } = timedReport(reportAt(clock), ARRIVED);
			expect(clockAheadMs).toBe(aheadMs);
			expect(report.observations?.[0]?.silentSince).toBe(agoMs(1_500));
			expect(report.events[0]?.at).toBe(agoMs(60_000));
			expect(report.metrics[0]?.at).toBe(agoMs(5_000));
			const alert = timedAlert(
				{ protocol: AGENT_PROTOCOL_VERSION, ended: [silent], orders: [] },
				ARRIVED,
			);
			expect(alert.ended[0]?.silentSince).toBe(agoMs(1_500));
			const times = JSON.stringify(report).match(/\d{4}-\d\d-\d\dT[\d:.]+Z/g) ?? [];
			expect(times.filter((time) => time !== silent.startedAt).sort()).toEqual(
				[agoMs(60_000), agoMs(5_000), agoMs(1_500)].sort(),
			);
		},
	);

	it.each(clocks)("a hanging primary is noticed just as soon: %s", (_name, clock) => {
		const [seen] = timedReport(reportAt(clock), ARRIVED).observations ?? [];
		const hung = node(1, { ...running("primary"), silentSince: seen?.silentSince ?? null });
		expect(isHung(hung, ARRIVED)).toBe(1_500 > HUNG_TIMING.askedAfterMs);
		expect(isHung(hung, new Date(ARRIVED.getTime() - 1_000))).toBe(false);
	});
});

test("a silence in several reports began at the earliest time", () => {
	const at = (ms: number, pid = 7) => ({ pid, silentSince: agoMs(ms) });
	expect(silenceStart(null, at(500))).toBe(agoMs(500));
	// The later report traveled for a longer or a shorter time.
	expect(silenceStart(at(500), at(400))).toBe(agoMs(500));
	expect(silenceStart(at(500), at(600))).toBe(agoMs(600));
	// It answered in between, or it is another process.
	expect(silenceStart(at(5_000), at(500))).toBe(agoMs(500));
	expect(silenceStart(at(500, 6), at(400))).toBe(agoMs(400));
	expect(silenceStart(at(500), { pid: 7, silentSince: null })).toBeNull();
});
