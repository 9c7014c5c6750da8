import { expect, test } from "vitest";
import { preflightProblem } from "./preflight.ts";

const source = { run_id: "a", role: "master", cluster_enabled: "0", redis_version: "7.0.15" };
const target = { run_id: "b", valkey_version: "9.1.2", maxmemory: "1000000", role: "master" };

function problem(
	changes: Record<string, string>,
	{ to = {}, modules = [] as string[] }: { to?: Record<string, string>; modules?: string[] } = {},
) {
	const info = (fields: Record<string, string>) => new Map(Object.entries(fields));
	return preflightProblem({
		source: info({ ...source, used_memory: "1000", db0: "keys=1", ...changes }),
		target: info({ ...target, ...to }),
		...{ modules, databases: 16 },
	});
}

test("a source that the cache can replace has no problem", () => {
	expect(problem({})).toBeNull();
	expect(problem({ valkey_version: "8.1.1" })).toBeNull();
	expect(problem({ redis_version: "6.2.1" }, { to: { valkey_version: "8.1.1" } })).toBeNull();
});

test("each obstacle is named with what to do", () => {
	expect(problem({ role: "slave", master_host: "h", master_port: "1" })).toContain("h:1");
	expect(problem({ cluster_enabled: "1" })).toContain("cluster mode");
	expect(problem({ run_id: "b" })).toContain("own primary");
	expect(problem({ used_memory: "2000000000" })).toContain("larger node type");
	expect(problem({ db20: "keys=1" })).toContain("database 20");
	expect(problem({}, { modules: ["search"] })).toContain("search");
});

test("data in a format that the cache's engine can't read is refused", () => {
	expect(problem({ redis_version: "7.4.0" })).toContain("Redis 7.4.0");
	expect(problem({ valkey_version: "9.0.0" }, { to: { valkey_version: "8.1.1" } })).toContain(
		"newer engine",
	);
	expect(problem({ redis_version: "8.0.0" })).not.toBeNull();
});
