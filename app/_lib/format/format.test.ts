import { describe, expect, it } from "vitest";
import { exactBytes, formatBytes } from "./bytes.ts";
import { formatCount, formatPercent, plural } from "./count.ts";
import { formatClock, formatDateTime, formatDuration, formatRelative } from "./time.ts";

describe("bytes", () => {
	it.each([
		[0, "0 B"],
		[1023, "1023 B"],
		[1024, "1 KiB"],
		[402_653_184, "384 MiB"],
		[1_471_026_299, "1.37 GiB"],
		[3 * 1024 ** 3, "3 GiB"],
		[15.5 * 1024 ** 3, "15.5 GiB"],
		[-1024, "−1 KiB"],
	])("%d reads %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

	it("gives the exact value with separators", () => {
		expect(exactBytes(1_471_026_299)).toBe("1,471,026,299 bytes");
	});
});

describe("counts", () => {
	it.each([
		[0, "0"],
		[0.42, "0.4"],
		[17, "17"],
		[999, "999"],
		[1_000, "1k"],
		[61_234, "61.2k"],
		[999_999, "1M"],
		[3_400_000, "3.4M"],
	])("%d reads %s", (value, text) => expect(formatCount(value)).toBe(text));

	it("never shows 0% or 100% unless it is exact", () => {
		expect(formatPercent(1)).toBe("100%");
		expect(formatPercent(0.99999)).toBe("> 99.9%");
		expect(formatPercent(0.00001)).toBe("< 0.1%");
		expect(formatPercent(0)).toBe("0%");
		expect(formatPercent(0.974)).toBe("97.4%");
	});

	it("agrees in number", () => {
		expect(plural(1, "replica")).toBe("1 replica");
		expect(plural(0, "replica")).toBe("0 replicas");
	});
});

describe("times", () => {
	const at = new Date("2026-11-23T12:04:05.678Z");

	it("are written out in UTC", () => {
		expect(formatDateTime(at, "utc")).toBe("2026-11-23 12:04:05");
		expect(formatClock(at, "utc", "minute")).toBe("12:04");
		expect(formatDateTime(new Date("2026-01-01T00:00:00Z"), "utc")).toBe("2026-01-01 00:00:00");
	});

	it.each([
		[0, "0 ms"],
		[380.4, "380 ms"],
		[4_260, "4.2 s"],
		[59_900, "59 s"],
		[184_000, "3 min 4 s"],
		[7_500_000, "2 h 5 min"],
		[86_400_000, "1 d"],
	])("a duration of %d ms reads %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

	it("are shown relative to now, past and future", () => {
		expect(formatRelative(at, at)).toBe("just now");
		expect(formatRelative(at, new Date(at.getTime() + 190_000))).toBe("3 min ago");
		expect(formatRelative(new Date(at.getTime() + 90_000_000), at)).toBe("in 25 h");
		expect(formatRelative(new Date(at.getTime() + 90 * 86_400_000 - 3_000), at)).toBe("in 90 d");
	});
});
