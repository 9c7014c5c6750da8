import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findMissingOptional } from "./missing-optional.mjs";

const root = join(import.meta.dirname, "..", "..");
const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));

describe("package-lock.json", () => {
	it("has the builds for every machine, or npm ci refuses it (npm run lockfile adds them)", () => {
		expect(findMissingOptional(lock.packages)).toEqual([]);
	});
	it("names no registry", () => {
		expect(JSON.stringify(lock)).not.toMatch(/"resolved":"https?:/);
	});
});

it("a build nested beside the package that asks for it counts", () => {
	const packages = {
		"node_modules/a": { optionalDependencies: { b: "1.0.0", c: "^2.0.0" } },
		"node_modules/a/node_modules/b": {},
	};
	expect(findMissingOptional(packages)).toEqual([{ name: "c", version: "2.0.0", dev: false }]);
});
