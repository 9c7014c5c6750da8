import { expect, test } from "vitest";
import type { EngineParameter } from "../../server/contract/desired-state.ts";
import { makeAssignment } from "../testing/assignments.ts";
import { memcachedArguments, wantedConnections } from "./memcached-arguments.ts";

const surroundings = { cpus: 4, openFilesMax: 1_048_576, isRoot: false };

function render(values: Record<string, string>, changes: Partial<typeof surroundings> = {}) {
	const parameters: EngineParameter[] = Object.entries(values).map(([name, value]) => {
		return { name, value, live: false };
	});
	const assignment = makeAssignment({
		...{ port: 11_211, vcpus: 2, maxmemoryBytes: 100 * 1024 ** 2 + 5, parameters },
	});
	return memcachedArguments(assignment, "10.0.0.2", "proxy.lua", { ...surroundings, ...changes });
}

test("a node has its address, memory and threads, and no more connections than the kernel allows", () => {
	expect(render({}).args.join(" ")).toBe("-l 10.0.0.2 -p 11211 -U 0 -m 100 -t 2 -c 65000 -W -X");
	expect(render({}, { openFilesMax: 4_096, cpus: 1, isRoot: true }).args.join(" ")).toBe(
		"-l 10.0.0.2 -p 11211 -U 0 -m 100 -t 1 -c 3968 -u nobody -W -X",
	);
	expect(render({ max_simultaneous_connections: "500" }).args).toContain("500");
	const parameter = { name: "conn-limit", value: "500", live: false };
	expect([wantedConnections([]), wantedConnections([parameter])]).toEqual([65_000, 500]);
});

test("parameters become options, by ElastiCache's names and by Memcached's", () => {
	const elastiCache = render({
		...{ max_item_size: "2097152", chunk_size: "96", chunk_size_growth_factor: "1.5" },
		...{ backlog_queue_limit: "2048", cas_disabled: "1", error_on_memory_exhausted: "1" },
		...{ verbosity: "2", binding_protocol: "ascii", lru_crawler: "0", slab_reassign: "1" },
		...{ hash_algorithm: "xxh3", idle_timeout: "60", slab_automove: "2" },
	});
	expect(elastiCache.args.join(" ")).toContain(
		"-I 2097152 -n 96 -f 1.5 -b 2048 -C -M -vv -B ascii -o no_lru_crawler,slab_reassign,hash_algorithm=xxh3,idle_timeout=60,slab_automove=2",
	);
	const own = render({
		...{ "max-item-size": "1048576", "disable-cas": "", verbose: "v", no_lru_maintainer: "" },
	});
	expect(own.args.join(" ")).toContain("-I 1048576 -C -vv -o no_lru_maintainer");
	expect(render({ cas_disabled: "0", verbosity: "0" }).args).toEqual(render({}).args);
});

test("parameters that have no meaning, or would become another option, are left out and named", () => {
	const odd = { config_max: "16", max_item_size: "1m -u root", hash_algorithm: "x,ext_path=/etc" };
	expect(render(odd)).toEqual({ args: render({}).args, ignored: Object.keys(odd) });
});
