import { expect, it } from "vitest";
import { CALM_MS, LoadWindow } from "./load.ts";

const NOW = 1_800_000_000_000;

/** A sample every five seconds. */
function watch(window: LoadWindow, from: number, forMs: number, usedBytes: number): void {
	for (let at = from; at <= from + forMs; at += 5_000) {
		window.add({ at, usedBytes, cpuShare: 0.5, ecpuPerSecond: 10 });
	}
}

it("knows peaks only of a time that was watched without a gap", () => {
	const window = new LoadWindow();
	watch(window, NOW, CALM_MS, 100);
	const end = NOW + CALM_MS;
	expect(window.load(end)).toMatchObject({ usedBytes: 100, cpuShare: 0.5 });
	expect(window.load(end)?.calm?.usedBytes).toBe(100);
	expect(window.load(end + 60_000)).toBeNull();
	watch(window, end + 60_000, 0, 50);
	expect(window.load(end + 60_000)).toMatchObject({ usedBytes: 50, cpuShare: 0, calm: null });
});

it("ignores a late sample, and begins again when the clock is set back", () => {
	const window = new LoadWindow();
	watch(window, NOW, CALM_MS, 100);
	watch(window, NOW + CALM_MS - 5_000, 0, 900);
	expect(window.load(NOW + CALM_MS)).toMatchObject({ usedBytes: 100, calm: { usedBytes: 100 } });
	const back = NOW - 3_600_000;
	watch(window, back, CALM_MS, 30);
	expect(window.load(back + CALM_MS)).toMatchObject({ usedBytes: 30, calm: { usedBytes: 30 } });
});
