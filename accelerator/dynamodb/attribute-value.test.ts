import fc from "fast-check";
import { expect, it } from "vitest";
import {
	canonicalKeyValue,
	canonicalNumber,
	halfReadUnits,
	isStoredAsSent,
	itemBytes,
} from "./attribute-value.ts";

it("equal numbers have one form, and different numbers have different ones", () => {
	const forms = [
		["1", "1.0", "01", "+1", "10e-1", "0.1E+1", "1e0", " 1"],
		["0", "-0", "0.00", "0e5", ".0"],
		["-12.5", "-125e-1", "-012.50"],
		["100", "1e2", "100.000"],
		["12345678901234567890123456789012345678"],
		["12345678901234567890123456789012345679"],
	];
	const canonical = forms.map((same) => new Set(same.map(canonicalNumber)));
	for (const set of canonical) expect(set.size).toBe(1);
	expect(new Set(canonical.flatMap((set) => [...set])).size).toBe(forms.length);
	for (const wrong of ["", "a", "1e", "0x1", "Infinity", "1.2.3", "--1"]) {
		expect(canonicalNumber(wrong), wrong).toBeNull();
	}
});

it("a number keeps its form when zeros are added or its exponent changes", () => {
	fc.assert(
		fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat(20), (value, zeros) => {
			const plain = canonicalNumber(`${value}`);
			expect(canonicalNumber(`${value}.${"0".repeat(zeros)}`)).toBe(plain);
			expect(canonicalNumber(`${value}${"0".repeat(zeros)}e-${zeros}`)).toBe(plain);
		}),
	);
});

it("keys must be of their attribute's type, in proper notation", () => {
	expect(canonicalKeyValue({ S: "a" }, "S")).toBe("a");
	expect(canonicalKeyValue({ B: "AQID" }, "B")).toBe("AQID");
	const wrong = [
		[{ S: "1" }, "N"],
		[{ S: "" }, "S"],
		[{ B: "AQI" }, "B"],
		[{ S: "a", N: "1" }, "S"],
	] as const;
	for (const [value, type] of wrong) expect(canonicalKeyValue(value, type)).toBeNull();
});

it("only items that come back as they were sent count as such", () => {
	const plain = {
		a: { S: "x" },
		n: { N: "-1.5" },
		l: { L: [{ BOOL: true }, { M: { z: { N: "0" } } }] },
	};
	expect(isStoredAsSent(plain)).toBe(true);
	for (const odd of [
		{ N: "1.0" },
		{ N: "1e2" },
		{ N: "-0" },
		{ SS: ["b", "a"] },
		{ L: [{ N: "01" }] },
	]) {
		expect(isStoredAsSent({ odd }), JSON.stringify(odd)).toBe(false);
	}
});

it("an item's size counts names and values, and 4 KiB cost half a read unit", () => {
	expect(itemBytes({ ab: { S: "xyz" } })).toBe(5);
	expect([1, 4_096, 4_097, 8_193].map(halfReadUnits)).toEqual([1, 1, 2, 3]);
});
