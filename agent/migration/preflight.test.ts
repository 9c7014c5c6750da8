import { expect, test } from "vitest";
import { describeSource, preflightProblem } from "./preflight.ts";

const source = { run_id: "a", role: "master", cluster_enabled: "0", redis_version: "7.0.15" };
const target = { run_id: "b", valkey_version: "9.1.2", maxmemory: "1000000", role: "master" };

function problem(
	changes: Record<string, string>,
	{ to = {}, modules = [] as string[] }: { to?: Record<string, string>; modules?: string[] } = {},
) {
	return preflightProblem({
		sources: [facts(changes)],
		target: fieldsOf({ ...target, ...to }),
		...{ modules, databases: 16 },
	});
}

function facts(changes: Record<string, string>) {
	return {
		...{ name: "10.0.0.7:6379", slots: null, share: 1, holdsWrites: true },
		info: fieldsOf({ ...source, used_memory: "1000", db0: "keys=1", ...changes }),
	};
}

function fieldsOf(fields: Record<string, string>) {
	return new Map(Object.entries(fields));
}

test("a source that the cache can replace has no problem", () => {
	expect(problem({})).toBeNull();
	expect(problem({ valkey_version: "8.1.1" })).toBeNull();
	expect(problem({ redis_version: "6.2.1" }, { to: { valkey_version: "8.1.1" } })).toBeNull();
});

test("each obstacle is named with what to do", () => {
	expect(problem({ role: "slave", master_host: "h", master_port: "1" })).toContain("h:1");
	expect(problem({ db3: "keys=1" }, { to: { cluster_enabled: "1" } })).toContain("database 3");
	expect(problem({ run_id: "b" })).toContain("own primary");
	expect(problem({ used_memory: "2000000000" })).toContain("larger node type");
	expect(problem({ db20: "keys=1" })).toContain("database 20");
	expect(problem({}, { modules: ["search"] })).toContain("search");
});

test("what was found at a source is said, with what users must do", () => {
	const line = describeSource({
		...facts({ number_of_libraries: "1", number_of_cached_scripts: "2" }),
		...{ slots: [{ first: 0, last: 5_460 }], holdsWrites: false },
	});
	expect(line).toContain("10.0.0.7:6379 (slots 0-5460): primary, Redis 7.0.15, 1 key");
	expect(line).toContain("1 library of functions");
	expect(line).toMatch(/SCRIPT LOAD.*stop its writers/);
});

test("data in a format that the cache's engine can't read is refused", () => {
	expect(problem({ redis_version: "7.4.0" })).toContain("Redis 7.4.0");
	expect(problem({ valkey_version: "9.0.0" }, { to: { valkey_version: "8.1.1" } })).toContain(
		"newer engine",
	);
	expect(problem({ redis_version: "8.0.0" })).not.toBeNull();
});
