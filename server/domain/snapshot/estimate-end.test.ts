import { expect, it } from "vitest";
import { estimateEnd } from "./estimate-end.ts";

it("expects work to go on as fast as it has, and says nothing at its beginning", () => {
	const startedAt = new Date("2026-01-01T00:00:00Z");
	const now = new Date("2026-01-01T00:00:10Z");
	expect(estimateEnd({ startedAt, percent: 25, now })?.toISOString()).toBe(
		"2026-01-01T00:00:40.000Z",
	);
	expect(estimateEnd({ startedAt, percent: 1, now })).toBeNull();
	expect(estimateEnd({ startedAt: now, percent: 50, now })).toBeNull();
});
