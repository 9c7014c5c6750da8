import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { limitsOf, ProcessLimits, prepareLimits } from "./cgroup.ts";

let root: string;
let warnings: string[];

beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), "larder-cgroup-test-"));
	warnings = [];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const logger = pino({ level: "warn" }, { write: (line: string) => void warnings.push(line) });
const read = (...path: string[]) => readFileSync(join(root, ...path), "utf8");

test("a host has limits if the kernel offers memory and processor controllers", () => {
	expect(prepareLimits(root)).toBe("none");
	writeFileSync(join(root, "cgroup.controllers"), "cpuset io pids\n");
	expect(prepareLimits(root)).toBe("none");
	writeFileSync(join(root, "cgroup.controllers"), "cpuset cpu io memory pids\n");
	expect(prepareLimits(root)).toBe("cgroup-v2");
	expect(read("cgroup.subtree_control")).toBe("+memory +cpu");
	expect(read("larder", "cgroup.subtree_control")).toBe("+memory +cpu");
	expect(prepareLimits(root)).toBe("cgroup-v2");
});

test("a process is put into a group of its own, and the group is removed with the instance", () => {
	const limits = new ProcessLimits(root, "cgroup-v2", logger);
	limits.apply("node-1", 77, { memoryBytes: 536_870_912, vcpus: 2 });
	expect(read("larder", "node-1", "memory.max")).toBe("536870912");
	expect(read("larder", "node-1", "cpu.max")).toBe("200000 100000");
	expect(read("larder", "node-1", "cgroup.procs")).toBe("77");
	limits.apply("node-1", 77, { memoryBytes: 1_073_741_824, vcpus: 4 });
	expect(read("larder", "node-1", "memory.max")).toBe("1073741824");
	// In the kernel's own file system a group's files disappear with its directory.
	for (const name of ["memory.max", "cpu.max", "cgroup.procs"]) {
		rmSync(join(root, "larder", "node-1", name));
	}
	limits.removeEmpty();
	expect(existsSync(join(root, "larder", "node-1"))).toBe(false);
	limits.removeEmpty();
	expect(warnings).toEqual([]);
});

test("version 1 limits the memory of a process, and groups without one are removed", () => {
	mkdirSync(join(root, "memory"));
	expect(prepareLimits(root)).toBe("none");
	writeFileSync(join(root, "memory", "memory.limit_in_bytes"), "9223372036854771712");
	expect(prepareLimits(root)).toBe("cgroup-v1");
	const limits = new ProcessLimits(root, "cgroup-v1", logger);
	limits.apply("node-1", 77, { memoryBytes: 536_870_912, vcpus: 2 });
	const group = ["memory", "larder", "node-1"];
	expect(read(...group, "memory.limit_in_bytes")).toBe("536870912");
	expect(read(...group, "cgroup.procs")).toBe("77");
	mkdirSync(join(root, "memory", "larder", "empty"));
	expect(prepareLimits(root)).toBe("cgroup-v1");
	expect(existsSync(join(root, "memory", "larder", "empty"))).toBe(false);
	expect(existsSync(join(root, ...group))).toBe(true);
	expect(warnings).toEqual([]);
});

test("a limit that can't be set causes one warning", () => {
	mkdirSync(join(root, "larder", "node-1", "memory.max"), { recursive: true });
	const limits = new ProcessLimits(root, "cgroup-v2", logger);
	for (let i = 0; i < 3; i++) limits.apply("node-1", 77, { memoryBytes: 1, vcpus: 1 });
	expect(warnings).toHaveLength(1);
});

test("an engine that forks has room for a second copy of its data; Memcached doesn't fork", () => {
	const node = { memoryBytes: 512, maxmemoryBytes: 384, vcpus: 2 };
	expect(limitsOf({ ...node, engine: "valkey" })).toEqual({ memoryBytes: 896, vcpus: 2 });
	expect(limitsOf({ ...node, engine: "redis" })).toEqual({ memoryBytes: 896, vcpus: 2 });
	expect(limitsOf({ ...node, engine: "memcached" })).toEqual({ memoryBytes: 512, vcpus: 2 });
});
