import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ProcessLimits, prepareLimits } from "./cgroup.ts";

let root: string;
let warnings: string[];

beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), "larder-cgroup-test-"));
	warnings = [];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const logger = pino({ level: "warn" }, { write: (line: string) => void warnings.push(line) });
const read = (...path: string[]) => readFileSync(join(root, ...path), "utf8");

test("a host has limits where the kernel offers memory and processors to groups", () => {
	expect(prepareLimits(root)).toBe(false);
	writeFileSync(join(root, "cgroup.controllers"), "cpuset io pids\n");
	expect(prepareLimits(root)).toBe(false);
	writeFileSync(join(root, "cgroup.controllers"), "cpuset cpu io memory pids\n");
	expect(prepareLimits(root)).toBe(true);
	expect(read("cgroup.subtree_control")).toBe("+memory +cpu");
	expect(read("larder", "cgroup.subtree_control")).toBe("+memory +cpu");
	expect(prepareLimits(root)).toBe(true);
});

test("a process is put into a group of its own, and the group goes with the instance", () => {
	const limits = new ProcessLimits(root, logger);
	limits.apply("node-1", 77, { memoryBytes: 536_870_912, vcpus: 2 });
	expect(read("larder", "node-1", "memory.max")).toBe("536870912");
	expect(read("larder", "node-1", "cpu.max")).toBe("200000 100000");
	expect(read("larder", "node-1", "cgroup.procs")).toBe("77");
	limits.apply("node-1", 77, { memoryBytes: 1_073_741_824, vcpus: 4 });
	expect(read("larder", "node-1", "memory.max")).toBe("1073741824");
	// In the kernel's own file system a group's files go with its directory.
	for (const name of ["memory.max", "cpu.max", "cgroup.procs"]) {
		rmSync(join(root, "larder", "node-1", name));
	}
	limits.remove("node-1");
	expect(existsSync(join(root, "larder", "node-1"))).toBe(false);
	limits.remove("node-1");
	expect(warnings).toEqual([]);
});

test("a limit that can't be set is one warning", () => {
	mkdirSync(join(root, "larder", "node-1", "memory.max"), { recursive: true });
	const limits = new ProcessLimits(root, logger);
	for (let i = 0; i < 3; i++) limits.apply("node-1", 77, { memoryBytes: 1, vcpus: 1 });
	expect(warnings).toHaveLength(1);
});
