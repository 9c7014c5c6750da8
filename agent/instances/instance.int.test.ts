import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { ensureEngine } from "../bundles/index.ts";
import { eventually, freePort, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment, makeOrder, SYSTEM_PASSWORD } from "../testing/assignments.ts";

let host: TestHost;
let stopAgent: () => Promise<void>;

beforeAll(async () => {
	await ensureEngine({ engine: "valkey", version: "9" });
});

beforeEach(async () => {
	host = new TestHost("127.0.1.1");
	await host.plane.start();
	stopAgent = host.startAgent();
});
afterEach(() => host.dispose());

async function run(changes: Partial<Assignment> = {}): Promise<Assignment> {
	const assignment = await host.assign(changes);
	await host.untilRunning(assignment);
	return assignment;
}

test("a client with the password can read and write, but can't manage the node", async () => {
	const assignment = await run();
	const client = await host.connect(assignment.port);
	expect(await client.command(["SET", "a", "1"], 20_000)).toBe("OK");
	expect(await client.command(["GET", "a"], 20_000)).toBe("1");
	expect(await client.command(["ACL", "WHOAMI"], 20_000)).toBe("default");
	expect(await client.command(["ROLE"], 20_000)).toBeInstanceOf(Array);
	expect(await client.command(["SLOWLOG", "LEN"], 20_000)).toBe(0);
	for (const forbidden of [
		["CONFIG", "GET", "*"],
		["ACL", "LIST"],
		["REPLICAOF", "NO", "ONE"],
		["SHUTDOWN"],
		["DEBUG", "SLEEP", "0"],
		["SAVE"],
		["MODULE", "LOAD", "/tmp/any.so"],
		["PSYNC", "?", "-1"],
	]) {
		await expect(client.command(forbidden, 20_000)).rejects.toThrow(/NOPERM|not allowed/);
	}
	client.close();
});

test("an engine that an earlier version started gets the current users when it is adopted", async () => {
	const assignment = await run();
	await stopAgent();
	const file = join(host.homeDir, "instances", assignment.id, "users.acl");
	writeFileSync(file, readFileSync(file, "utf8").replace("-client|pause ", ""));
	const system = await host.connect(assignment.port, "larder");
	await system.command(["ACL", "LOAD"], 20_000);
	system.close();
	const pause = async () => {
		const client = await host.connect(assignment.port);
		const answer = await client.command(["CLIENT", "PAUSE", "0", "WRITE"], 1_000).catch(String);
		client.close();
		return String(answer);
	};
	expect(await pause()).toBe("OK");
	host.startAgent();
	await eventually("clients can no longer pause writes", async () =>
		(await pause()).includes("NOPERM"),
	);
});

test("secrets are in private files only", async () => {
	const assignment = await run();
	const directory = join(host.homeDir, "instances", assignment.id);
	for (const name of ["engine.conf", "users.acl", "state.json", "engine.log"]) {
		expect(statSync(join(directory, name)).mode & 0o077, name).toBe(0);
	}
	expect(readFileSync(join(directory, "users.acl"), "utf8")).not.toContain(SYSTEM_PASSWORD);
	const { pid } = await host.untilRunning(assignment);
	for (const file of ["cmdline", "environ"]) {
		expect(readFileSync(`/proc/${pid}/${file}`, "utf8")).not.toContain(SYSTEM_PASSWORD);
	}
});

test("without a password clients can connect, but still can't manage the node", async () => {
	const { auth } = makeAssignment({ port: 1 });
	const assignment = await run({ auth: { ...auth, clientPasswordSha256: null } });
	const client = await host.connect(assignment.port);
	expect(await client.command(["SET", "a", "1"], 20_000)).toBe("OK");
	await expect(client.command(["CONFIG", "GET", "*"], 20_000)).rejects.toThrow("NOPERM");
	client.close();
});

test("a dead engine is reported, and restarted if its assignment allows it", async () => {
	const assignment = await run();
	const { pid } = await host.untilRunning(assignment);
	const engine = host.engineProcess(assignment.id);
	const killedAt = performance.now();
	if (engine !== null) signalProcess(engine, "SIGKILL");
	await host.plane.until("the exit is reported", () => {
		return host.plane.reports.some((report) =>
			report.observations?.some((seen) => seen.phase === "exited" && seen.pid === null),
		);
	});
	const noticedMs = performance.now() - killedAt;
	if (process.env.LARDER_TEST_TIMES) console.log(`death reported in ${noticedMs.toFixed(1)} ms`);
	const again = await host.plane.until("another process runs", () => {
		const seen = host.plane.observationOf(assignment.id);
		return seen?.phase === "running" && seen.pid !== pid && seen;
	});
	expect(again.restarts).toBe(1);
	expect(host.plane.events.map((event) => event.type)).toContain("node.exited");
});

test("an engine with onExit report stays down until a higher permit arrives", async () => {
	const assignment = await run({ onExit: "report", launchPermit: 3 });
	host.killEngine(assignment.id);
	const exited = await host.plane.until("the exit is reported with its cause", () => {
		const seen = host.plane.observationOf(assignment.id);
		return seen?.phase === "exited" && seen.reason && seen;
	});
	expect(exited.launchPermit).toBe(3);
	expect(exited.reason?.message).toMatch(/SIGKILL|is gone/);
	const changed = { ...assignment, generation: 2 };
	host.plane.setAssignments([changed]);
	// Two reports later it is still down: the change alone permits nothing.
	const reports = host.plane.reports.length;
	await host.plane.until("two more reports", () => host.plane.reports.length >= reports + 2);
	expect(host.engineProcess(assignment.id)).toBeNull();
	host.plane.setAssignments([{ ...changed, launchPermit: 4 }]);
	expect((await host.untilRunning(changed)).launchPermit).toBe(4);
});

test("a taken port is reported, and the engine starts once it is free", async () => {
	const port = await freePort(host.address);
	const intruder = createServer().listen(port, host.address);
	await once(intruder, "listening");
	const assignment = makeAssignment({ port });
	host.plane.setAssignments([assignment]);
	const waiting = await host.plane.until("the port is reported as taken", () => {
		const seen = host.plane.observationOf(assignment.id);
		return seen?.phase === "waiting" && seen.reason?.code === "port-taken" && seen;
	});
	expect(waiting.reason?.message).toContain(String(port));
	intruder.close();
	await host.untilRunning(assignment);
});

test("a new primary and its replicas are in sync without a full synchronization", async () => {
	const [port, second, third] = [
		await freePort(host.address),
		await freePort(host.address),
		await freePort(host.address),
	];
	const role = { kind: "replica", of: { host: host.address, port } } as const;
	const primary = makeAssignment({ port });
	const replicas = [
		makeAssignment({ port: second, role, nodeName: "orders-002" }),
		makeAssignment({ port: third, role, nodeName: "orders-003" }),
	];
	host.plane.setAssignments([primary, ...replicas]);
	for (const replica of replicas) {
		await host.plane.until(`${replica.nodeName} is in sync`, () => {
			const state = host.plane.observationOf(replica.id)?.engineState;
			return state?.linkUp && state.primaryPort === port;
		});
	}
	await host.plane.until("the primary lists both", () => {
		return host.plane.observationOf(primary.id)?.engineState?.onlineReplicas === 2;
	});
	const client = await host.connect(port, "larder");
	await client.command(["SET", "a", "1"], 20_000);
	expect(await client.command(["WAIT", "2", "20000"], 30_000)).toBe(2);
	expect(await client.command(["INFO", "stats"], 20_000)).toMatch(
		/sync_full:0\r\nsync_partial_ok:2/,
	);
	client.close();
	const reader = await host.connect(third);
	expect(await reader.command(["GET", "a"], 20_000)).toBe("1");
	await expect(reader.command(["SET", "a", "2"], 20_000)).rejects.toThrow("READONLY");
	reader.close();
});

test("a replica that joins a primary with another history gets all of the primary's data", async () => {
	const [first, second, third] = [
		await freePort(host.address),
		await freePort(host.address),
		await freePort(host.address),
	];
	const a = makeAssignment({ port: first, onExit: "report" });
	const b = makeAssignment({
		port: second,
		role: { kind: "replica", of: { host: host.address, port: first } },
	});
	host.plane.setAssignments([a, b]);
	await host.plane.until("in sync", () => host.plane.observationOf(b.id)?.engineState?.linkUp);
	const client = await host.connect(first, "larder");
	for (let i = 0; i < 100; i++) await client.command(["SET", `key:${i}`, "x"], 20_000);
	expect(await client.command(["WAIT", "1", "20000"], 30_000)).toBe(1);
	client.close();
	// The first primary dies, its replica is promoted, and another replica joins that never saw the start of
	// the history.
	host.killEngine(a.id);
	const c = makeAssignment({
		port: third,
		role: { kind: "replica", of: { host: host.address, port: second } },
	});
	expect((await host.plane.order(makeOrder(host.address, a, [b]))).leaderNodeId).toBe(b.id);
	host.plane.setAssignments([{ ...b, generation: 2, role: { kind: "primary" } }, c]);
	await host.plane.until("the new one is in sync", () => {
		const state = host.plane.observationOf(c.id)?.engineState;
		return state?.linkUp && state.primaryPort === second;
	});
	const reader = await host.connect(third);
	expect(await reader.command(["DBSIZE"], 20_000)).toBe(100);
	reader.close();
});

test("a replica that restarts, even with its primary gone, is never an empty primary", async () => {
	const port = await freePort(host.address);
	const primary = makeAssignment({ port, onExit: "report" });
	const replica = makeAssignment({
		port: await freePort(host.address),
		role: { kind: "replica", of: { host: host.address, port } },
		nodeName: "orders-002",
	});
	host.plane.setAssignments([primary, replica]);
	await host.plane.until("in sync", () => {
		return host.plane.observationOf(replica.id)?.engineState?.linkUp;
	});
	const { pid } = await host.untilRunning(replica);
	for (const id of [primary.id, replica.id]) {
		host.killEngine(id);
	}
	await host.plane.until("the replica runs again", () => {
		const seen = host.plane.observationOf(replica.id);
		return seen?.phase === "running" && seen.pid !== pid;
	});
	// Checks every report, and what a client gets.
	const roles = host.plane.reports.flatMap((report) =>
		(report.observations ?? []).flatMap((seen) =>
			seen.assignmentId === replica.id && seen.engineState ? [seen.engineState.role] : [],
		),
	);
	expect(new Set(roles)).toEqual(new Set(["replica"]));
	const client = await host.connect(replica.port);
	await expect(client.command(["SET", "a", "1"], 20_000)).rejects.toThrow(/READONLY|MASTERDOWN/);
	client.close();
});

test("a primary follows its successor once the successor is primary, and not before", async () => {
	const [first, second] = [await freePort(host.address), await freePort(host.address)];
	const a = makeAssignment({ port: first });
	const b = makeAssignment({
		port: second,
		role: { kind: "replica", of: { host: host.address, port: first } },
	});
	host.plane.setAssignments([a, b]);
	await host.plane.until("in sync", () => host.plane.observationOf(b.id)?.engineState?.linkUp);
	const client = await host.connect(first);
	// Desired state alone promotes no node, and doesn't demote a primary without a successor.
	const exchanged: Assignment[] = [
		{ ...a, generation: 2, role: { kind: "replica", of: { host: host.address, port: second } } },
		{ ...b, generation: 2, role: { kind: "primary" } },
	];
	host.plane.setAssignments(exchanged);
	const reports = host.plane.reports.length;
	await host.plane.until("two more reports", () => host.plane.reports.length >= reports + 2);
	expect(host.plane.observationOf(a.id)?.engineState?.role).toBe("primary");
	expect(await client.command(["SET", "a", "1"], 20_000)).toBe("OK");
	const system = await host.connect(second, "larder");
	await system.command(["REPLICAOF", "NO", "ONE"], 20_000);
	system.close();
	await host.plane.until("roles are exchanged", () => {
		const [left, right] = [host.plane.observationOf(a.id), host.plane.observationOf(b.id)];
		return (
			left?.generation === 2 &&
			left.engineState?.role === "replica" &&
			left.engineState.linkUp &&
			right?.generation === 2 &&
			right.engineState?.role === "primary"
		);
	});
	// Clients of an endpoint reconnect, and reach the new primary.
	await eventually("the old primary's clients are disconnected", () => client.closed);
});

test("a changed password and memory reach the running engine", async () => {
	const assignment = await run();
	const { pid } = await host.untilRunning(assignment);
	const changed: Assignment = {
		...assignment,
		generation: 2,
		maxmemoryBytes: 32 * 1024 ** 2,
		auth: { ...assignment.auth, clientPasswordSha256: "0".repeat(64) },
	};
	host.plane.setAssignments([changed]);
	expect((await host.untilRunning(changed)).pid).toBe(pid);
	await expect(host.connect(assignment.port)).rejects.toThrow("WRONGPASS");
	const system = await host.connect(assignment.port, "larder");
	expect(await system.command(["CONFIG", "GET", "maxmemory"], 20_000)).toEqual([
		"maxmemory",
		String(32 * 1024 ** 2),
	]);
	system.close();
});

test("an instance that is no longer wanted leaves no process, no files and no observation", async () => {
	const assignment = await run();
	const engine = host.engineProcess(assignment.id);
	expect(engine).not.toBeNull();
	host.plane.setAssignments([]);
	await host.plane.until("it is gone", () => host.plane.observations?.length === 0);
	expect(host.engineProcess(assignment.id)).toBeNull();
	expect(() => statSync(join(host.homeDir, "instances", assignment.id))).toThrow("ENOENT");
});

test("an engine that doesn't respond is killed when it is removed", async () => {
	const assignment = await run();
	const engine = host.engineProcess(assignment.id);
	if (engine !== null) signalProcess(engine, "SIGSTOP");
	host.plane.setAssignments([]);
	await host.plane.until("it is gone", () => host.plane.observations?.length === 0);
	await eventually("no process", () => host.engineProcess(assignment.id) === null);
});

test("metrics come every 5 s with rates of what clients did", async () => {
	const assignment = await run();
	const of = { host: host.address, port: assignment.port };
	const port = await freePort(host.address);
	const nodeName = "orders-002";
	const replica = makeAssignment({ port, nodeName, role: { kind: "replica", of } });
	host.plane.setAssignments([assignment, replica]);
	await host.plane.until(
		"it is in sync",
		() => host.plane.observationOf(replica.id)?.engineState?.linkUp,
	);
	const client = await host.connect(assignment.port);
	const samplesOf = ({ id }: { id: string }) =>
		host.plane.metrics.filter(({ assignmentId }) => assignmentId === id);
	await host.plane.until("a first sample", () => samplesOf(assignment).length > 0, 20_000);
	const before = samplesOf(assignment).length;
	const ofReplica = samplesOf(replica).length;
	for (let i = 0; i < 500; i++) await client.command(["SET", `key:${i}`, "x"], 20_000);
	await client.command(["GET", "key:1"], 20_000);
	await client.command(["GET", "absent"], 20_000);
	client.close();
	await host.plane.until("another sample", () => samplesOf(assignment).length > before, 20_000);
	const metrics = samplesOf(assignment).at(-1)?.metrics;
	expect(metrics).toMatchObject({ keys: 500, replicationLagBytes: null });
	expect(metrics?.opsPerSecond).toBeGreaterThan(50);
	expect(metrics?.hitsPerSecond).toBeGreaterThan(0.1);
	expect(metrics?.missesPerSecond).toBeGreaterThan(0.1);
	expect(metrics?.memoryMaxBytes).toBe(assignment.maxmemoryBytes);
	// Its link to the primary isn't a client.
	await host.plane.until("one of the replica", () => samplesOf(replica).length > ofReplica, 20_000);
	expect(samplesOf(replica).at(-1)?.metrics).toMatchObject({ clients: 0, keys: 500 });
	// Nor are its agent's questions requests.
	const shown = samplesOf(replica).map((sample) => sample.metrics.opsPerSecond);
	expect(shown.every((rate) => rate === 0)).toBe(true);
});
