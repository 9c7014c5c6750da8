import { expect, test } from "vitest";
import { forecastMonth, monthStart } from "./forecast.ts";

const now = new Date("2026-02-28T12:00:00Z");

test("a month costs what it has cost, and goes on as in the last hours", () => {
	expect(monthStart(now)).toEqual(new Date("2026-02-01T00:00:00Z"));
	const steady = { cost: 24, cacheSeconds: 86_400 };
	const young = { cost: 2, cacheSeconds: 3_600 };
	const newborn = { cost: 0.5, cacheSeconds: 900 };
	expect(forecastMonth(now, 100, [steady, young, newborn])).toEqual({
		...{ month: "2026-02", soFar: 100 },
		forecast: 100 + 12 * 1 + 12 * 2,
	});
	expect(forecastMonth(now, 1, [newborn, { cost: 0, cacheSeconds: 0 }]).forecast).toBeNull();
	expect(forecastMonth(now, 7, []).forecast).toBe(7);
});
