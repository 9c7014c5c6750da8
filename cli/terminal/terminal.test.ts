import { describe, expect, it } from "vitest";
import { formatAgo, formatBytes, formatDuration, parseBytes, printable } from "./format.ts";
import { formatFields, formatTable } from "./table.ts";

describe("sizes", () => {
	it.each([
		[0, "0 B"],
		[1023, "1023 B"],
		[1024, "1 KiB"],
		[536_870_912, "512 MiB"],
		[1_471_026_299, "1.37 GiB"],
	])("%d bytes read %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

	it.each([
		["4GiB", 4 * 1024 ** 3],
		["512 MiB", 512 * 1024 ** 2],
		["2g", 2 * 1024 ** 3],
		["1.5G", 1.5 * 1024 ** 3],
		["4096", 4096],
	])("%s is understood", (text, bytes) => expect(parseBytes(text)).toBe(bytes));

	it.each(["", "GiB", "-1", "4 GiB or so", "4ZiB"])("%j is refused", (text) =>
		expect(parseBytes(text)).toBeNull(),
	);
});

describe("times", () => {
	it.each([
		[12.4, "12 ms"],
		[1_300, "1.3 s"],
		[999.6, "1.0 s"],
		[59_960, "1 min 0 s"],
		[245_000, "4 min 5 s"],
		[299_700, "5 min 0 s"],
	])("%d ms read %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

	it("say how long ago something was", () => {
		const now = new Date("2026-01-02T00:00:00Z");
		expect(formatAgo("2026-01-01T23:59:30Z", now)).toBe("30 s ago");
		expect(formatAgo("2026-01-01T00:00:00Z", now)).toBe("1 d ago");
		expect(formatAgo(null, now)).toBe("never");
	});
});

it("a table aligns its columns and leaves no space at a line's end", () => {
	const rows = [
		{ name: "a", size: 1 },
		{ name: "longer", size: 200 },
	];
	const text = formatTable(rows, [
		{ title: "NAME", value: (row) => row.name },
		{ title: "SIZE", value: (row) => String(row.size), align: "right" },
	]);
	expect(text.split("\n")).toEqual(["NAME    SIZE", "a          1", "longer   200"]);
});

it("fields align their values", () => {
	expect(
		formatFields([
			["a", "1"],
			["long", ""],
		]),
	).toBe("a     1\nlong");
});

it("control characters don't reach the terminal", () => {
	expect(printable("a\x1b[2Jb\n")).toBe("a?[2Jb?");
});
