import { expect, it } from "vitest";
import { Timeline } from "./timeline.ts";

it("a load takes as long as the one that began at the time, or next, whichever ended first", () => {
	const timeline = new Timeline();
	timeline.loaded(20, { leaseMs: 1, valueMs: 5 });
	timeline.loaded(10, { leaseMs: 2, valueMs: 90 });
	const durationAt = timeline.loadDurations();
	expect([0, 10, 11, 20, 30].map((at) => durationAt(at).valueMs)).toEqual([90, 90, 5, 5, 5]);
	expect(new Timeline().loadDurations()(0)).toEqual({ leaseMs: 0, valueMs: 0 });
});

it("keeps the times of more operations than it had room for", () => {
	const timeline = new Timeline();
	timeline.begin(5_000, 12.5);
	timeline.mark(5_000, 13.5);
	timeline.end(5_000, 14.5);
	expect(timeline.count).toBe(5_001);
	expect([timeline.beganAt(5_000), timeline.markedAt(5_000), timeline.endedAt(5_000)]).toEqual([
		12.5, 13.5, 14.5,
	]);
});
