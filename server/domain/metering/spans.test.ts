import fc from "fast-check";
import { expect, test } from "vitest";
import { cover, divide } from "./spans.ts";

const instant = fc.integer({ min: 0, max: 4_000_000_000_000 });

test("a period is divided whole, into spans that lie within it", () => {
	fc.assert(
		fc.property(instant, fc.integer({ min: 1, max: 9 * 3_600_000 }), (start, length) => {
			const from = new Date(start);
			const to = new Date(start + length);
			const parts = divide(from, to);
			const span = length > 2 * 3_600_000 ? 3_600 : 60;
			expect(parts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
			for (const { at, spanSeconds, share } of parts) {
				expect(spanSeconds).toBe(span);
				expect(at.getTime() % (span * 1_000)).toBe(0);
				expect(at.getTime() + span * 1_000).toBeGreaterThan(start);
				expect(at < to).toBe(true);
				expect(share).toBeGreaterThan(0);
			}
			expect(new Set(parts.map(({ at }) => at.getTime())).size).toBe(parts.length);
		}),
	);
});

test("a minute's usage is that minute's", () => {
	const parts = divide(new Date("2026-01-01T10:00:15Z"), new Date("2026-01-01T10:01:15Z"));
	expect(parts).toEqual([
		{ at: new Date("2026-01-01T10:00:00Z"), spanSeconds: 60, share: 0.75 },
		{ at: new Date("2026-01-01T10:01:00Z"), spanSeconds: 60, share: 0.25 },
	]);
});

test("what happens in no time, or while the clock is set back, belongs to the minute in which it is", () => {
	const at = new Date("2026-01-01T10:00:15Z");
	const minute = { at: new Date("2026-01-01T10:00:00Z"), spanSeconds: 60, share: 1 };
	expect(divide(at, at)).toEqual([minute]);
	expect(divide(new Date("2026-01-01T11:00:00Z"), at)).toEqual([minute]);
});

test("a period is covered without gaps and overlaps, by whole hours and days", () => {
	const now = new Date("2026-06-15T12:34:56Z");
	const hoursAgo = fc.integer({ min: 0, max: 24 * 200 });
	fc.assert(
		fc.property(hoursAgo, fc.integer({ min: 1, max: 24 * 60 * 60 }), (ago, minutes) => {
			const from = new Date(now.getTime() - ago * 3_600_000);
			const to = new Date(Math.min(now.getTime(), from.getTime() + minutes * 60_000));
			if (from >= to) return;
			const segments = cover(from, to, now);
			expect(segments[0]?.from.getTime()).toBeLessThanOrEqual(from.getTime());
			expect(segments.at(-1)?.to.getTime()).toBeGreaterThanOrEqual(to.getTime());
			for (const [index, segment] of segments.entries()) {
				expect(segment.from < segment.to).toBe(true);
				expect(segment.from.getTime() % (segment.spanSeconds * 1_000)).toBe(0);
				const next = segments[index + 1];
				if (next !== undefined) expect(next.from).toEqual(segment.to);
			}
		}),
	);
});

test("this month so far is one row a day", () => {
	const now = new Date("2026-06-15T12:34:56Z");
	const from = new Date("2026-06-01T00:00:00Z");
	expect(cover(from, now, now)).toEqual([
		{ spanSeconds: 86_400, from, to: new Date("2026-06-16T00:00:00Z") },
	]);
});
