import { describe, expect, it } from "vitest";
import type { Parameter } from "../../../server/contract/parameter-group.ts";
import { searchParameters } from "./parameter-columns.tsx";

const parameter = (name: string, description: string): Parameter => ({
	name,
	description,
	value: "1",
	defaultValue: "1",
	type: "integer",
	allowedValues: null,
	apply: "immediate",
	modifiable: true,
	source: "default",
});

describe("the search for parameters", () => {
	const all = [
		parameter("maxmemory-policy", "What is evicted when memory is full"),
		parameter("timeout", "Seconds after which an idle client is closed"),
	];
	it.each([
		["", ["maxmemory-policy", "timeout"]],
		["MEMORY full", ["maxmemory-policy"]],
		["idle", ["timeout"]],
		["idle memory", []],
	])("for %j finds %j", (search, names) => {
		expect(searchParameters(all, search).map(({ name }) => name)).toEqual(names);
	});
});
