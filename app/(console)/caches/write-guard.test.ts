import { describe, expect, it } from "vitest";
import type { Parameter } from "../../../server/contract/parameter-group.ts";
import { valueInForce, writeGuardOf, writeGuardWords } from "./write-guard.ts";

describe("the write guard of a primary", () => {
	const parameter = (value: string, source: Parameter["source"]): Parameter => ({
		name: "min-replicas-to-write",
		value,
		defaultValue: "0",
		type: "integer",
		allowedValues: "0-5",
		apply: "immediate",
		modifiable: true,
		source,
		description: "",
	});

	it.each([
		[0, 0],
		[1, 0],
		[2, 1],
		[5, 1],
	])("with %i replicas and no setting needs %i of them to write", (replicas, needed) => {
		expect(writeGuardOf(replicas, null)).toEqual({ replicas: needed, isSet: false });
		expect(writeGuardOf(replicas, [parameter("0", "default")]).replicas).toBe(needed);
	});

	it("shows in the values that nodes run with", () => {
		const lag = { ...parameter("10", "default"), name: "min-replicas-max-lag" };
		expect(valueInForce(lag, 2)).toBe("3");
		expect(valueInForce(lag, 1)).toBe("10");
		expect(valueInForce({ ...lag, source: "user" }, 2)).toBe("10");
		expect(valueInForce({ ...lag, name: "timeout" }, 2)).toBe("10");
	});

	it("is what the group sets, on or off", () => {
		expect(writeGuardOf(1, [parameter("1", "user")])).toEqual({ replicas: 1, isSet: true });
		expect(writeGuardOf(2, [parameter("0", "user")])).toEqual({ replicas: 0, isSet: true });
	});

	it("is described with its cost", () => {
		const words = (replicas: number, of: number) => writeGuardWords({ replicas, isSet: false }, of);
		expect(words(0, 1)).toContain("keeps accepting writes");
		expect(words(1, 2)).toContain("One replica can be unavailable");
		expect(words(1, 1)).toContain("Writes also stop while a replica is unavailable");
		expect(words(3, 2)).toContain("it accepts no writes");
	});
});
