import fc from "fast-check";
import { expect, it } from "vitest";
import { LIMITS } from "./limits.ts";
import { clusterViewText, countSlots, evenSlots, formatSlots, parseSlots } from "./slots.ts";

it("reads ranges and single slots, and nothing else", () => {
	expect(parseSlots("0-5460")).toEqual([{ first: 0, last: 5460 }]);
	expect(parseSlots("7,10-12")).toEqual([
		{ first: 7, last: 7 },
		{ first: 10, last: 12 },
	]);
	for (const text of ["", "a", "5-3", "0-16384", "1-2-3", "-1", "1,,2"]) {
		expect(parseSlots(text)).toBeNull();
	}
});

it("joins neighbors", () => {
	expect(formatSlots(parseSlots("5-9,0-4,20") ?? [])).toBe("0-9,20");
});

it("gives every slot to exactly one shard, however many there are", () => {
	fc.assert(
		fc.property(fc.integer({ min: 1, max: LIMITS.shardsMax }), (shards) => {
			const ranges = Array.from({ length: shards }, (_, index) => evenSlots(shards, index));
			expect(countSlots(ranges)).toBe(LIMITS.clusterSlots);
			expect(ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)).toBe(
				LIMITS.clusterSlots,
			);
			expect(formatSlots(ranges)).toBe("0-16383");
		}),
	);
});

it("is the same text for the same view in any order", () => {
	const a = { slots: [{ first: 0, last: 9 }], primary: "a", replicas: ["x", "y"] };
	const b = { slots: [{ first: 10, last: 16_383 }], primary: "b", replicas: [] };
	const text = "0-9:a>x|y;10-16383:b>";
	expect(clusterViewText([a, b])).toBe(text);
	expect(clusterViewText([b, { ...a, replicas: ["y", "x"] }])).toBe(text);
});
