import { expect, test } from "vitest";
import {
	isInWindow,
	maintenanceWindowSchema,
	nextWindow,
	windowFor,
} from "./maintenance-window.ts";

const at = (text: string) => new Date(text);

test("windows are written as ElastiCache writes them, 60 minutes at least", () => {
	expect(maintenanceWindowSchema.parse("Sun:05:00-Sun:06:00")).toBe("sun:05:00-sun:06:00");
	expect(maintenanceWindowSchema.parse("sat:23:30-sun:00:30")).toBe("sat:23:30-sun:00:30");
	for (const wrong of [
		...["", "sun:05:00", "sun:05:00-sun:05:59", "sun:24:00-mon:01:00", "abc:05:00-abc:06:00"],
		...["sun:05:00-sun:05:00", "sun:05:00-tue:05:00"],
	]) {
		expect(maintenanceWindowSchema.safeParse(wrong).success, wrong).toBe(false);
	}
});

test("the next window is the open one, or the one to come", () => {
	// 29 November 2026 is a Sunday.
	const window = "sun:05:00-sun:06:00";
	const next = (now: string) => nextWindow(window, at(now)).startsAt.toISOString();
	expect(next("2026-11-29T04:59:59Z")).toBe("2026-11-29T05:00:00.000Z");
	expect(next("2026-11-29T05:59:59Z")).toBe("2026-11-29T05:00:00.000Z");
	expect(next("2026-11-29T06:00:00Z")).toBe("2026-12-06T05:00:00.000Z");
	expect(isInWindow(window, at("2026-11-29T05:00:00Z"))).toBe(true);
	expect(isInWindow(window, at("2026-11-29T06:00:00Z"))).toBe(false);
	expect(isInWindow(window, at("2026-11-30T05:30:00Z"))).toBe(false);
});

test("a window may cross the end of the week", () => {
	const window = "sat:23:30-sun:00:30";
	expect(isInWindow(window, at("2026-11-28T23:45:00Z"))).toBe(true);
	expect(isInWindow(window, at("2026-11-29T00:15:00Z"))).toBe(true);
	expect(isInWindow(window, at("2026-11-29T00:30:00Z"))).toBe(false);
});

test("caches without a chosen window get an hour at night, spread over the week", () => {
	const ids = Array.from({ length: 200 }, (_, k) => `cache-${k}`);
	const windows = new Set(ids.map(windowFor));
	for (const window of windows) expect(maintenanceWindowSchema.parse(window)).toBe(window);
	expect(windows.size).toBeGreaterThan(20);
});
