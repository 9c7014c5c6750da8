import { describe, expect, it } from "vitest";
import type { Parameter, ParameterGroup } from "../../server/contract/index.ts";
import { describeGroup, whatFollows, whatResetDid } from "./parameter-groups.ts";

function parameter(name: string, overrides: Partial<Parameter> = {}): Parameter {
	return {
		name,
		value: "0",
		defaultValue: "0",
		type: "integer",
		allowedValues: "0-9",
		apply: "immediate",
		modifiable: true,
		source: "default",
		description: "",
		...overrides,
	};
}

function group(overrides: Partial<ParameterGroup> = {}): ParameterGroup {
	return {
		name: "mine",
		family: "valkey9",
		description: "",
		isDefault: false,
		clusterMode: "disabled",
		caches: ["orders", "pages"],
		parameters: [
			parameter("timeout", { value: "5" }),
			parameter("databases", { apply: "requires-reboot" }),
			parameter("appendonly", { modifiable: false, value: "", defaultValue: "" }),
		],
		...overrides,
	};
}

describe("a group in readable form", () => {
	it("shows when each parameter takes effect, and marks empty values", () => {
		const text = describeGroup(group(), false);
		expect(text).toMatch(/^timeout +5 +0 +0-9 +at once$/m);
		expect(text).toMatch(/^databases .* at a reboot$/m);
		expect(text).toMatch(/^appendonly +"" +"" .* fixed$/m);
	});

	it("shows only what differs when asked to", () => {
		expect(describeGroup(group(), true)).not.toContain("databases");
		expect(describeGroup(group({ parameters: [] }), true)).toContain(
			"All parameters have their defaults",
		);
	});
});

describe("whatFollows", () => {
	it("says which caches use it, and which need a reboot", () => {
		expect(whatFollows("mine", group({ caches: [] }), ["databases"])).toBe(
			"Changed parameter group mine.",
		);
		expect(whatFollows("mine", group(), ["timeout"])).toMatch(/Applied to: orders, pages$/);
		expect(whatFollows("mine", group(), ["timeout", "databases"])).toBe(
			"Changed parameter group mine. databases waits for a reboot:\n  larder caches reboot orders\n  larder caches reboot pages",
		);
	});

	it("names what a reset had to keep", () => {
		const kept = parameter("cluster-enabled", { value: "yes", source: "user" });
		const used = group({ parameters: [parameter("timeout"), kept] });
		expect(whatResetDid("mine", used, ["timeout", "cluster-enabled"])).toBe(
			"Changed parameter group mine. Applied to: orders, pages\ncluster-enabled can't change while caches use the group, so Larder kept it.",
		);
		expect(whatResetDid("mine", used, ["timeout"])).not.toContain("kept");
	});
});
