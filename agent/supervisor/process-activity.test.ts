import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { eventually } from "../testing/agent-fixture.ts";
import { ProcessActivity, parseThreadStat, type ThreadReading } from "./process-activity.ts";

const PID = 7;

/** Feeds readings 200 ms apart, the first as the baseline; returns the results of the others. */
function looks(...readings: [state: string, cpuTicks: number][]): boolean[] {
	let at = -1;
	const activity = new ProcessActivity((): ThreadReading => {
		at += 1;
		const [state, cpuTicks] = readings[at] ?? ["S", 0];
		return { state, cpuTicks };
	});
	activity.begin(PID, 0);
	return readings.slice(1).map((_, index) => activity.isAtWork(PID, (index + 1) * 200));
}

test("a thread that runs, waits for its disk or has used a processor is at work", () => {
	expect(looks(["S", 5], ["R", 5], ["D", 5])).toEqual([true, true]);
	expect(looks(["S", 5], ["S", 15])).toEqual([true]);
});

test("a thread that is stopped, or sleeps except for its housekeeping, is hung", () => {
	expect(looks(["R", 5], ["T", 25], ["T", 25])).toEqual([false, false]);
	expect(looks(["S", 5], ["S", 5], ["S", 6], ["S", 6])).toEqual([false, false, false]);
});

test("a sign of work counts for a moment", () => {
	expect(looks(["S", 5], ["R", 5], ["S", 5], ["S", 5], ["S", 5], ["S", 5])).toEqual([
		...[true, true, true, true, false],
	]);
});

test("a name with spaces and brackets doesn't shift the fields", () => {
	const stat = `12 (a) b (c) S 1 12 12 0 -1 4194560 900 0 0 0 31 11 0 0 20 0 6 0 100 1 1`;
	expect(parseThreadStat(stat)).toEqual({ state: "S", cpuTicks: 42 });
});

test("real processes: one at work, one asleep, one stopped", async () => {
	const run = (script: string) => spawn(process.execPath, ["-e", script], { stdio: "ignore" });
	const children = [run("for (;;);"), run("setInterval(() => {}, 100)"), run("for (;;);")];
	children[2]?.kill("SIGSTOP");
	try {
		const looks = children.map(({ pid = 0 }) => {
			const activity = new ProcessActivity();
			return () => activity.isAtWork(pid, performance.now());
		});
		// At first they are starting, which is work.
		await eventually("each is recognized", async () => {
			return String(looks.map((look) => look())) === "true,false,false";
		});
	} finally {
		for (const child of children) child.kill("SIGKILL");
	}
});
