import { expect, test } from "vitest";
import { decideLaunch, isExitNews, keepsEnding, NO_EXITS, recordExit } from "./restart-policy.ts";

const restart = { onExit: "restart", launchPermit: 1 } as const;
const report = { onExit: "report", launchPermit: 1 } as const;
const ran = { history: "ran", launchPermit: 1 } as const;
const unknown = { history: "unknown", launchPermit: 1 } as const;
const never = { history: "never", launchPermit: -1 } as const;

test("an instance that never ran starts at once, whatever its onExit says", () => {
	expect(decideLaunch(restart, never, NO_EXITS, 0)).toEqual({ kind: "launch" });
	expect(decideLaunch(report, never, NO_EXITS, 0)).toEqual({ kind: "launch" });
});

test("one that ran with onExit report starts only under a higher permit", () => {
	expect(decideLaunch(report, ran, NO_EXITS, 0)).toEqual({ kind: "needs-permit" });
	expect(decideLaunch({ ...report, launchPermit: 0 }, ran, NO_EXITS, 0).kind).toBe("needs-permit");
	expect(decideLaunch({ ...report, launchPermit: 2 }, ran, NO_EXITS, 0).kind).toBe("launch");
});

test("one whose launch wasn't recorded counts as having run", () => {
	expect(decideLaunch(report, unknown, NO_EXITS, 0)).toEqual({ kind: "needs-permit" });
	expect(decideLaunch(restart, unknown, NO_EXITS, 0)).toEqual({ kind: "launch" });
});

test("the agent waits 0, 0.5, 1, 2, 4, 8, 16, then 30 s between its own attempts", () => {
	let exits = NO_EXITS;
	const waits: number[] = [];
	for (let i = 0; i < 9; i++) {
		exits = recordExit(exits, 10, 1_000);
		const decision = decideLaunch(restart, ran, exits, 1_000);
		waits.push(decision.kind === "wait" ? decision.forMs : 0);
	}
	expect(waits).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
});

test("one that has served waits two seconds at most, however often it has ended", () => {
	let exits = NO_EXITS;
	for (let i = 0; i < 9; i++) exits = recordExit(exits, 10, 1_000, { served: true });
	expect(decideLaunch(restart, ran, exits, 1_000)).toEqual({ kind: "wait", forMs: 2_000 });
});

test("a minute of running resets the back-off", () => {
	let exits = NO_EXITS;
	for (let i = 0; i < 5; i++) exits = recordExit(exits, 10, 1_000);
	exits = recordExit(exits, 60_000, 100_000);
	expect(decideLaunch(restart, ran, exits, 100_000)).toEqual({ kind: "launch" });
});

test("a new permit doesn't wait for the back-off", () => {
	const exits = { ...NO_EXITS, failures: 7, lastExitAt: 1_000 };
	expect(decideLaunch({ ...restart, launchPermit: 2 }, ran, exits, 1_001).kind).toBe("launch");
});

test("a node that keeps exiting within seconds is recognized, and causes few events", () => {
	let exits = NO_EXITS;
	const news: number[] = [];
	for (let end = 1; end <= 40_000; end++) {
		exits = recordExit(exits, 2_000, 1_000 + end, { served: true });
		expect(keepsEnding(exits)).toBe(end >= 6);
		if (isExitNews(exits)) news.push(end);
	}
	expect(exits.shortLivesSince).toBe(1_001);
	// That was a day with an end every two seconds.
	expect(news.slice(0, 6)).toEqual([1, 2, 4, 6, 8, 16]);
	expect(news.length).toBeLessThan(20);
	expect(keepsEnding(recordExit(exits, 10_000, 99_000, { served: true }))).toBe(false);
});

test("ends on a full disk aren't the node's fault: they don't get it replaced, and cause few events", () => {
	let exits = NO_EXITS;
	let news = 0;
	for (let end = 1; end <= 1_000; end++) {
		exits = recordExit(exits, 2_000, 1_000 + end, { diskFull: true });
		expect(keepsEnding(exits)).toBe(false);
		if (isExitNews(exits)) news++;
	}
	expect(news).toBeLessThan(20);
	expect(exits.failures).toBe(1_000);
	// Once there is space, its ends count.
	for (let end = 1; end <= 6; end++) {
		exits = recordExit(exits, 2_000, 5_000 + end);
		expect(keepsEnding(exits)).toBe(end === 6);
	}
});
