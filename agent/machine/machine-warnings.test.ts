import { expect, test } from "vitest";
import { GIB, MIB } from "../../server/contract/limits.ts";
import { type MachineFacts, parseHugePages, wantedQueue } from "./machine-facts.ts";
import { machineWarnings } from "./machine-warnings.ts";

const WELL_SET_UP: MachineFacts = {
	openFiles: 1_048_576,
	...{ queueMax: 4_096, queueWanted: 511, overcommit: 1, hugePages: "madvise" },
	disk: { freeBytes: 100 * GIB, totalBytes: 250 * GIB },
};
const warningsOf = (facts: Partial<MachineFacts>) =>
	machineWarnings({ ...WELL_SET_UP, ...facts }, "/var/lib/larder");
const codesOf = (facts: Partial<MachineFacts>) => warningsOf(facts).map(({ code }) => code);
const disk = (freeBytes: number, totalBytes: number) => ({ disk: { freeBytes, totalBytes } });

test("a machine that is well set up, or can't be examined, has no warnings", () => {
	expect(warningsOf({})).toEqual([]);
	const unreadable = { openFiles: null, queueMax: null, overcommit: null, hugePages: null };
	expect(warningsOf({ ...unreadable, disk: null })).toEqual([]);
});

test("a low limit on open files says how many clients a node and the gateway can serve", () => {
	const [warning] = warningsOf({ openFiles: 1_024 });
	expect(warning).toMatchObject({ code: "open-files", severity: "warning" });
	expect(warning?.message).toContain(
		"a node serves at most 992 clients at a time instead of 10,000",
	);
	expect(warning?.message).toContain(
		"the gateway serves at most 170 clients at a time instead of 32,000",
	);
	expect(warning?.command).toBe("ulimit -n 100000");
	const [enoughForNodes] = warningsOf({ openFiles: 20_000 });
	expect(enoughForNodes?.severity).toBe("info");
	expect(enoughForNodes?.message).not.toContain("a node");
	expect(enoughForNodes?.message).toContain("the gateway serves at most 6,496");
	expect(codesOf({ openFiles: 100_000 })).toEqual([]);
});

test("settings of the kernel that hurt caches are named with the command that fixes them", () => {
	const [queue] = warningsOf({ queueMax: 128 });
	expect(queue?.command).toBe("sudo sysctl -w net.core.somaxconn=4096");
	expect(codesOf({ queueMax: 511 })).toEqual([]);
	expect(codesOf({ queueMax: 511, queueWanted: 1_024 })).toEqual(["somaxconn"]);
	const severities = [0, 1, 2].map((overcommit) => warningsOf({ overcommit })[0]?.severity);
	expect(severities).toEqual(["info", undefined, "warning"]);
	expect(codesOf({ hugePages: "always" })).toEqual(["huge-pages"]);
	expect(codesOf({ hugePages: "never" })).toEqual([]);
});

test("a disk is full, nearly full or neither, whatever its size", () => {
	expect(codesOf(disk(0, 250 * GIB))).toEqual(["disk-full"]);
	expect(codesOf(disk(15 * MIB, 96 * MIB))).toEqual(["disk-full"]);
	expect(codesOf(disk(90 * MIB, 96 * MIB))).toEqual([]);
	expect(codesOf(disk(2 * GIB, 100 * GIB))).toEqual(["disk-nearly-full"]);
	expect(codesOf(disk(11 * GIB, 1_000 * GIB))).toEqual([]);
	const [warning] = warningsOf(disk(2 * GIB, 100 * GIB));
	expect(warning?.message).toContain("2.0 GiB of 100.0 GiB is free");
	expect(warning?.remedy).toContain("/var/lib/larder");
});

test("the most severe comes first", () => {
	const all = { openFiles: 1_024, queueMax: 1, overcommit: 0, hugePages: "always" as const };
	const codes = ["disk-full", "open-files", "somaxconn", "overcommit-memory", "huge-pages"];
	expect(codesOf({ ...all, ...disk(0, GIB) })).toEqual(codes);
});

test("a node's queue is the engine's own, or what its parameters ask for", () => {
	expect(wantedQueue({ engine: "valkey", parameters: [] })).toBe(511);
	expect(wantedQueue({ engine: "memcached", parameters: [] })).toBe(1_024);
	const listen = { name: "listen-backlog", value: "2048", live: false };
	expect(wantedQueue({ engine: "memcached", parameters: [listen] })).toBe(2_048);
});

test("the kernel marks the active setting of huge pages", () => {
	expect(parseHugePages("always [madvise] never")).toBe("madvise");
	expect(parseHugePages("[always] madvise never\n")).toBe("always");
	expect(parseHugePages("")).toBeNull();
});
