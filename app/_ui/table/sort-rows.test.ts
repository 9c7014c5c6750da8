import { describe, expect, it } from "vitest";
import { formatSort, nextSort, parseSort, sortRows } from "./sort-rows.ts";

describe("sorting", () => {
	it("knows that node-10 comes after node-2, and keeps rows without a value at the end", () => {
		const rows = ["node-10", null, "node-2", "Node-1"];
		expect(sortRows(rows, (row) => row, false)).toEqual(["Node-1", "node-2", "node-10", null]);
		expect(sortRows(rows, (row) => row, true)).toEqual(["node-10", "node-2", "Node-1", null]);
	});

	it("compares numbers by size and keeps the order of equals", () => {
		const rows = [
			{ name: "a", ops: 10 },
			{ name: "b", ops: 9 },
			{ name: "c", ops: 10 },
		];
		const names = (descending: boolean) =>
			sortRows(rows, ({ ops }) => ops, descending).map(({ name }) => name);
		expect(names(false)).toEqual(["b", "a", "c"]);
		expect(names(true)).toEqual(["a", "c", "b"]);
	});

	it("goes up, down and back to the list's own order", () => {
		const up = nextSort(null, "name");
		const down = nextSort(up, "name");
		expect([up, down, nextSort(down, "name")]).toEqual([
			{ column: "name", descending: false },
			{ column: "name", descending: true },
			null,
		]);
		expect(nextSort(down, "ops")).toEqual({ column: "ops", descending: false });
	});

	it.each(["name", "-name"])("%j survives the address", (text) => {
		const sort = parseSort(text);
		expect(sort && formatSort(sort)).toBe(text);
	});

	it.each([null, "", "-"])("%j isn't a sort order", (text) => expect(parseSort(text)).toBeNull());
});
