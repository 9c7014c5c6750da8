import { expect, it } from "vitest";
import { type Deed, findImpossible } from "./history.ts";

const write = (value: number | null, start: number, end: number): Deed => ({
	...{ kind: "write", key: "k", client: 0, value, start, end },
});
const read = (value: number | null, start: number, end: number): Deed => ({
	...{ kind: "read", key: "k", client: 1, value, start, end },
});

it("accepts reads of what a table may have held", () => {
	expect(
		findImpossible([
			...[read(null, 0, 1), write(1, 2, 4), read(1, 3, 5), read(1, 5, 6), write(2, 6, 9)],
			...[read(1, 7, 8), read(2, 7, 10), read(2, 11, 12), write(null, 13, 14), read(null, 15, 16)],
		]),
	).toEqual([]);
});

it("finds a read of what had been overwritten", () => {
	expect(findImpossible([write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)])).toHaveLength(2);
	expect(findImpossible([write(1, 0, 1), read(null, 2, 3)])).toHaveLength(1);
	expect(findImpossible([write(1, 0, 1), write(null, 2, 3), read(1, 4, 5)])).toHaveLength(1);
});

it("finds a value that was never written", () => {
	expect(findImpossible([write(1, 0, 1), read(9, 2, 3)])).not.toEqual([]);
});

it("finds two reads during a write that saw the new value first", () => {
	const deeds = [write(1, 0, 1), write(2, 2, 20), read(2, 3, 4), read(1, 5, 6)];
	expect(findImpossible(deeds)).not.toEqual([]);
});
