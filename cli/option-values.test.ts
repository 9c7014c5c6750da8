import { describe, expect, it } from "vitest";
import { clusterMode, collectPair, collectText, pastInstant, wholeMib } from "./option-values.ts";

describe("option values", () => {
	it("collect pairs, whose values may contain anything, even an equals sign", () => {
		expect(collectPair("b=c=d", collectPair("a="))).toEqual({ a: "", b: "c=d" });
		expect(() => collectPair("=x")).toThrow(/key=value/);
		expect(() => collectPair("x")).toThrow(/key=value/);
	});

	it("collect texts in their order", () => {
		expect(collectText("b", collectText("a"))).toEqual(["a", "b"]);
	});

	it.each([
		["on", "enabled"],
		["enabled", "enabled"],
		["off", "disabled"],
		["disabled", "disabled"],
	])("cluster mode %s is %s", (text, mode) => expect(clusterMode(text)).toBe(mode));

	it("refuse an unknown cluster mode, and sizes that aren't whole MiB", () => {
		expect(() => clusterMode("yes")).toThrow(/on or off/);
		expect(wholeMib("2GiB")).toBe(2_048);
		expect(() => wholeMib("1000")).toThrow(/MiB/);
		expect(() => wholeMib("much")).toThrow(/MiB/);
	});

	it("accept a time, or how long ago it was", () => {
		const now = new Date("2026-01-02T00:00:00Z");
		expect(pastInstant("90m")(now).toISOString()).toBe("2026-01-01T22:30:00.000Z");
		expect(pastInstant("1d")(now).toISOString()).toBe("2026-01-01T00:00:00.000Z");
		expect(pastInstant("2026-01-01")(now).toISOString()).toBe("2026-01-01T00:00:00.000Z");
		for (const text of ["yesterday", "3", "2026-13-01", ""]) {
			expect(() => pastInstant(text)).toThrow(/24h/);
		}
	});
});
