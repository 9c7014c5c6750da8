import calculateSlot from "cluster-key-slot";
import fc from "fast-check";
import { expect, it } from "vitest";
import { hashSlot, readByGroup } from "./hash-slot.ts";

it("a key's slot is the one that clusters give it", () => {
	const keys = fc
		.oneof(
			fc.string({ unit: "grapheme" }),
			fc.stringMatching(/^[a{}é]{0,12}$/),
			fc.constantFrom("foo{{bar}}", "{user}:1", "123456789"),
		)
		// The package takes the tag from later braces, the engines take the whole key.
		.filter((key) => !key.includes("{}"));
	expect(hashSlot("foo{}{bar}")).toBe(8_363);
	fc.assert(
		fc.property(keys, (key) => {
			expect(hashSlot(key)).toBe(calculateSlot(key));
		}),
	);
});

it("keys of many groups come back in their order, with one read for each group", async () => {
	const reads: string[][] = [];
	const contents = await readByGroup(
		["a1", "b1", "a2", "c1", "b2"],
		(key) => key.charCodeAt(0),
		async (keys) => {
			reads.push(keys);
			return keys.map((key) => (key === "c1" ? null : key.toUpperCase()));
		},
	);
	expect(contents).toEqual(["A1", "B1", "A2", null, "B2"]);
	expect(reads).toEqual([["a1", "a2"], ["b1", "b2"], ["c1"]]);
});
