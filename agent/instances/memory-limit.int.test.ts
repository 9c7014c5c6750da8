import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { identifyProcess, signalProcess } from "../../platform/process-identity.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { ensureEngine } from "../bundles/index.ts";
import type { EngineConnection } from "../drivers/engine-connection.ts";
import { CGROUP_ROOT, detectLimits } from "../supervisor/cgroup.ts";
import { eventually, freePort, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment } from "../testing/assignments.ts";

const MIB = 1024 ** 2;
/** For each key that a save writes, so that the save outlasts the test's check. */
const SAVE_DELAY_US = 1_000_000;
const VALUE = "x".repeat(MIB);
const SIZE = { memoryBytes: 96 * MIB, maxmemoryBytes: 64 * MIB };
const LIMIT_BYTES = SIZE.memoryBytes + SIZE.maxmemoryBytes;

let host: TestHost;

beforeAll(async () => {
	await ensureEngine({ engine: "valkey", version: "9" });
});
beforeEach(async () => {
	host = new TestHost("127.0.1.41");
	await host.plane.start();
	host.startAgent();
});
afterEach(() => host.dispose());

function oomScore(pid: number | string): number {
	return Number(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8"));
}

/** Memory beyond the limit would go there first. */
function hasSwap(): boolean {
	return !/^SwapTotal:\s+0 kB$/m.test(readFileSync("/proc/meminfo", "utf8"));
}

/** The process that the engine has forked; empty for none. */
function childOf(pid: number | null): string {
	return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
}

function killChildOf(pid: number | null): string {
	const child = childOf(pid);
	const identity = child === "" ? null : identifyProcess(Number(child));
	if (identity !== null) signalProcess(identity, "SIGKILL");
	return child;
}

/** It sets its score a moment after it starts. */
async function untilSaving(pid: number | null, score: number): Promise<string> {
	let child = "";
	await eventually("a process that saves, with a score of its own", () => {
		child = childOf(pid);
		return child !== "" && existsSync(`/proc/${child}`) && oomScore(child) === score;
	});
	return child;
}

async function fill(client: EngineConnection, from: number, count: number): Promise<void> {
	for (let i = from; i < from + count; i++) {
		await client.command(["SET", `key:${i}`, VALUE], 20_000);
	}
}

function groupFile(assignment: Assignment, name: string): string {
	return readFileSync(`${CGROUP_ROOT}/memory/larder/${assignment.id}/${name}`, "utf8").trim();
}

test("the kernel ends the saving process first, and the node lives on", async () => {
	const assignment = await host.assign(SIZE);
	const { pid } = await host.untilRunning(assignment);
	const client = await host.connect(assignment.port, "larder");
	const ask = (...command: string[]) => client.command(command, 20_000);
	await fill(client, 0, 48);
	await ask("CONFIG", "SET", "rdb-key-save-delay", String(SAVE_DELAY_US));
	await ask("BGSAVE");
	const agents = oomScore(process.pid);
	const child = await untilSaving(pid, Math.min(1_000, agents + 800));
	expect(oomScore(pid ?? 0)).toBe(agents);
	// The rest needs a kernel whose memory limits this test can read.
	if (detectLimits() !== "cgroup-v1" || hasSwap()) return client.close();
	expect(groupFile(assignment, "memory.limit_in_bytes")).toBe(String(LIMIT_BYTES));
	expect(groupFile(assignment, "cgroup.procs").split("\n").sort()).toEqual(
		[String(pid), child].sort(),
	);
	// A full node whose data changes during the save has room for all of it.
	await fill(client, 0, 48);
	expect(childOf(pid)).toBe(child);
	await ask("CONFIG", "SET", "maxmemory", "0");
	for (let i = 100; childOf(pid) === child && i < 300; i++) await fill(client, i, 1);
	await eventually("the kernel has ended the save", async () => {
		return /rdb_last_bgsave_status:err/.test(String(await ask("INFO", "persistence")));
	});
	expect(await ask("EXISTS", "key:0")).toBe(1);
	expect(host.engineProcess(assignment.id)?.pid).toBe(pid);
	client.close();
});

test("a primary whose syncs are killed tries less often and says so, until its settings change", async () => {
	const primary = makeAssignment({ port: await freePort(host.address), onExit: "report" });
	const of = { host: host.address, port: primary.port };
	const replica = makeAssignment({
		...{
			port: await freePort(host.address),
			nodeName: "orders-002",
			role: { kind: "replica", of },
		},
	});
	host.plane.setAssignments([primary]);
	const { pid } = await host.untilRunning(primary);
	const client = await host.connect(primary.port, "larder");
	const ask = (...command: string[]) => client.command(command, 20_000);
	// More than a replica can catch up with from the backlog, so that it needs a full copy.
	await ask("CONFIG", "SET", "repl-backlog-size", "16384");
	await fill(client, 0, 8);
	await ask("CONFIG", "SET", "rdb-key-save-delay", String(SAVE_DELAY_US));
	host.plane.setAssignments([primary, replica]);
	for (let killed = 0; killed < 3; killed++) {
		await eventually("a sync has begun", () => childOf(pid) !== "");
		const child = killChildOf(pid);
		await eventually("it has ended", () => childOf(pid) !== child);
	}
	const reported = () => host.plane.events.filter(({ type }) => type === "node.sync-killed");
	await host.plane.until("it is reported", () => reported().length > 0);
	expect(reported()).toMatchObject([{ assignmentId: primary.id, severity: "error" }]);
	expect(reported()[0]?.message).toMatch(
		/^orders-001 can't send its data .* killed 3 times in a row/,
	);
	const delay = () => ask("CONFIG", "GET", "repl-diskless-sync-delay");
	await eventually("it waits", async () => Number(String(await delay()).split(",")[1]) >= 10);
	// The next sync starts at once, since the node may have more memory now, and succeeds.
	await ask("CONFIG", "SET", "rdb-key-save-delay", "0");
	host.plane.setAssignments([{ ...primary, generation: 2 }, replica]);
	await eventually("it waits no more", async () => String(await delay()).endsWith("delay,0"));
	// A save that began before this is still slow.
	killChildOf(pid);
	await host.plane.until("the replica is in sync", () => {
		return host.plane.observationOf(replica.id)?.engineState?.linkUp;
	});
	expect(reported()).toHaveLength(1);
	client.close();
});
