import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanText, findUnstorable } from "./storable.ts";

function nested(levels: number): unknown {
	let value: unknown = 1;
	for (let level = 0; level < levels; level += 1) value = [value];
	return value;
}

describe("input that can't be stored", () => {
	it.each<[string, unknown, string]>([
		["a NUL character", { name: "a\0b" }, "name"],
		["half of a surrogate pair", { tags: { team: "\ud800" } }, "tags.team"],
		["the second half alone", { zones: ["a", "\udc00b"] }, "zones.1"],
		["a field's name", { tags: { "\0": "" } }, "tags"],
		["a huge number", { metrics: [{ at: 1e300 }] }, "metrics.0.at"],
		["no number at all", { nodes: Number.NaN }, "nodes"],
		["text by itself", "\0", ""],
		["a depth that no schema has", nested(100_000), Array(33).fill("0").join(".")],
	])("%s is found", (_what, input, field) => {
		expect(findUnstorable(input)?.field).toBe(field);
	});

	it.each([undefined, null, "", "🦆 émile", { a: [1, -2.5, true, null] }, nested(20)])(
		"doesn't include %j",
		(input) => {
			expect(findUnstorable(input)).toBeNull();
		},
	);
});

it("text is clean after cleaning, as long as before, and the same if it was clean", () => {
	fc.assert(
		fc.property(fc.array(fc.nat(0xffff)), (units) => {
			const text = String.fromCharCode(...units);
			const clean = cleanText(text);
			expect(findUnstorable(clean)).toBeNull();
			expect(clean).toHaveLength(text.length);
			expect(cleanText(clean)).toBe(clean);
		}),
	);
	expect(cleanText("\u001b[31mready\0\n\tto accept 🦆 \ud83e")).toBe(
		"�[31mready�\n\tto accept 🦆 �",
	);
});
