import { expect, it } from "vitest";
import { HealthPatience } from "./health-patience.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

/** Checks every five seconds. Returns the seconds at which restarts were due; each makes a new process. */
function restarts(
	untilMs: number,
	isHealthy: (nowMs: number, process: number) => boolean,
): number[] {
	const patience = new HealthPatience();
	const due: number[] = [];
	let pid = 1;
	for (let nowMs = 0; nowMs <= untilMs; nowMs += 5 * SECOND) {
		if (!patience.look({ pid, healthy: isHealthy(nowMs, pid), nowMs })) continue;
		due.push(nowMs / SECOND);
		pid += 1;
	}
	return due;
}

it("a process is restarted once it has been unhealthy for a minute, and not before", () => {
	expect(restarts(10 * 60 * SECOND, (nowMs, pid) => pid > 1 || nowMs < 30 * SECOND)).toEqual([90]);
});

it("a process that is occasionally healthy is left alone", () => {
	expect(restarts(HOUR, (nowMs) => nowMs % (50 * SECOND) === 0)).toEqual([]);
});

it("restarts that don't help come further and further apart", () => {
	const due = restarts(3 * HOUR, () => false);
	expect(due.slice(0, 3)).toEqual([60, 185, 430]);
	expect(due.length).toBeLessThan(10);
});

it("a process that recovered after many restarts is soon restarted when it fails again", () => {
	const due = restarts(2 * HOUR, (_nowMs, pid) => pid === 4);
	const fails = restarts(2 * HOUR, (nowMs, pid) => pid === 4 && nowMs < HOUR);
	expect(due).toHaveLength(3);
	expect(fails.find((at) => at > 3_600)).toBeLessThan(3_600 + 70);
});

it("no restart is due while no process runs", () => {
	const patience = new HealthPatience();
	for (let nowMs = 0; nowMs < HOUR; nowMs += 5 * SECOND) {
		expect(patience.look({ pid: undefined, healthy: false, nowMs })).toBe(false);
	}
});
