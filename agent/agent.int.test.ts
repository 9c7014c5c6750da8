import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../platform/process-identity.ts";
import type { Assignment } from "../server/contract/agent.ts";
import { ensureEngine } from "./bundles/index.ts";
import { eventually, freePort, killChild, TestHost } from "./testing/agent-fixture.ts";
import { makeAssignment, makeOrder } from "./testing/assignments.ts";

let host: TestHost;

beforeAll(async () => {
	await ensureEngine({ engine: "valkey", version: "9" });
}, 120_000);

beforeEach(async () => {
	host = new TestHost("127.0.1.2");
	await host.plane.start();
});
afterEach(() => host.dispose());

async function assign(changes: Partial<Assignment> = {}): Promise<Assignment> {
	const assignment = makeAssignment({ port: await freePort(host.address), ...changes });
	host.plane.setAssignments([assignment]);
	return assignment;
}

function untilRunning(assignment: Assignment) {
	return host.plane.until("it runs", () => {
		const seen = host.plane.observationOf(assignment.id);
		return seen?.phase === "running" && seen;
	});
}

test("engines serve without a single error while their agent is killed, and are adopted", async () => {
	const assignment = await assign();
	let agent = host.spawnAgent();
	const { pid } = await untilRunning(assignment);
	const client = await host.connect(assignment.port);
	let serving = true;
	let served = 0;
	const load = (async () => {
		while (serving) {
			await client.command(["INCR", "counter"], 1_000);
			served++;
		}
	})();
	for (let round = 0; round < 3; round++) {
		await killChild(agent);
		host.plane.observations = null;
		const before = host.plane.reports.length;
		agent = host.spawnAgent();
		const seen = await untilRunning(assignment);
		expect(seen).toMatchObject({ pid, restarts: 0 });
		// A new agent that hasn't looked yet raises no alarm.
		const told = host.plane.reports.slice(before).flatMap((report) => report.observations ?? []);
		expect(new Set(told.map((observation) => observation.phase))).toEqual(new Set(["running"]));
	}
	serving = false;
	await load;
	expect(served).toBeGreaterThan(1_000);
	expect(await client.command(["GET", "counter"], 1_000)).toBe(String(served));
	client.close();
});

test("an agent that dies between starting an engine and writing down its pid finds it again", async () => {
	const assignment = await assign({ onExit: "restart" });
	const agent = host.spawnAgent();
	const { pid } = await untilRunning(assignment);
	await killChild(agent);
	// What the disk looks like when the agent dies in that moment.
	const file = join(host.homeDir, "instances", assignment.id, "state.json");
	const record = JSON.parse(readFileSync(file, "utf8"));
	writeFileSync(
		file,
		JSON.stringify({ ...record, identity: null, history: "unknown", startedAt: null }),
	);
	rmSync(join(host.homeDir, "instances", assignment.id, "engine.pid"), { force: true });
	host.plane.observations = null;
	host.startAgent();
	expect(await untilRunning(assignment)).toMatchObject({ pid, restarts: 0 });
});

test("an agent killed at any moment of a launch leaves one process, never two", async () => {
	const assignments: Assignment[] = [];
	for (const afterMs of [0, 1, 2, 3, 5, 8, 13, 21, 34]) {
		const assignment = makeAssignment({ port: await freePort(host.address) });
		assignments.push(assignment);
		host.plane.setAssignments(assignments);
		const agent = host.spawnAgent();
		const directory = join(host.homeDir, "instances", assignment.id);
		await eventually("the launch has begun", () => existsSync(directory));
		const killAt = performance.now() + afterMs;
		await eventually("the moment has come", () => performance.now() >= killAt);
		await killChild(agent);
	}
	host.plane.observations = null;
	host.startAgent();
	for (const assignment of assignments) {
		const { pid } = await untilRunning(assignment);
		expect(host.engineProcess(assignment.id)?.pid).toBe(pid);
	}
});

test("a second agent for the same directory is refused", async () => {
	const stop = host.startAgent();
	await host.plane.until("it reports", () => host.plane.reports.length > 0);
	const second = host.spawnAgent();
	let message = "";
	second.stderr?.on("data", (chunk: Buffer) => {
		message += chunk.toString();
	});
	await once(second, "close");
	expect(second.exitCode).toBe(3);
	expect(message).toContain("already runs on this directory");
	await stop();
	await expect(host.startAgent()()).resolves.toBeUndefined();
});

test("without a control plane an agent supervises what it was told before", async () => {
	const assignment = await assign();
	const stop = host.startAgent();
	const { pid } = await untilRunning(assignment);
	await stop();
	await host.plane.stop();
	const engine = host.engineProcess(assignment.id);
	expect(engine?.pid).toBe(pid);
	host.startAgent();
	if (engine !== null) signalProcess(engine, "SIGKILL");
	await eventually("it runs again", () => (host.engineProcess(assignment.id)?.pid ?? pid) !== pid);
	host.plane.observations = null;
	await host.plane.start();
	expect((await untilRunning(assignment)).restarts).toBe(1);
});

test("a removal that a dead agent left unfinished is finished by the next", async () => {
	const assignment = await assign();
	const agent = host.spawnAgent();
	await untilRunning(assignment);
	await killChild(agent);
	host.plane.setAssignments([]);
	host.plane.observations = null;
	host.startAgent();
	await host.plane.until("it is gone", () => host.plane.observations?.length === 0);
	expect(host.engineProcess(assignment.id)).toBeNull();
	expect(existsSync(join(host.homeDir, "instances", assignment.id))).toBe(false);
});

test("without a remembered state nothing is touched and nothing is called gone", async () => {
	const assignment = await assign();
	const stop = host.startAgent();
	const { pid } = await untilRunning(assignment);
	await stop();
	rmSync(join(host.homeDir, "desired.json"));
	host.plane.forgetful = true;
	const before = host.plane.reports.length;
	const stopAgain = host.startAgent();
	const enrolments = host.plane.enrolments;
	await eventually("it has tried again", () => host.plane.enrolments > enrolments + 2);
	expect(host.engineProcess(assignment.id)?.pid).toBe(pid);
	await stopAgain();
	expect(host.plane.reports.slice(before).every((report) => report.observations === null)).toBe(
		true,
	);
});

test("a rebuilt control plane that knows no assignments removes nobody's engines", async () => {
	const assignment = await assign();
	const stop = host.startAgent();
	const { pid } = await untilRunning(assignment);
	await stop();
	host.plane.hostId = "00000000-0000-4000-8000-000000000000";
	host.plane.epoch = 0;
	host.plane.setAssignments([]);
	host.plane.observations = null;
	host.startAgent();
	await host.plane.until("it follows the new one", () => host.plane.observations?.length === 0);
	expect(host.engineProcess(assignment.id)?.pid).toBe(pid);
});

test("a desired state of a replaced control plane is refused", async () => {
	host.plane.epoch = 5;
	const assignment = await assign();
	host.startAgent();
	const { pid } = await untilRunning(assignment);
	host.plane.epoch = 4;
	host.plane.setAssignments([]);
	const reports = host.plane.reports.length;
	await host.plane.until("two more reports", () => host.plane.reports.length >= reports + 2);
	expect(host.engineProcess(assignment.id)?.pid).toBe(pid);
	expect(host.plane.reports.at(-1)?.epoch).toBe(5);
});

test("what a control plane restored from a backup doesn't know is left alone", async () => {
	host.plane.epoch = 5;
	const known = makeAssignment({ port: await freePort(host.address) });
	const forgotten = makeAssignment({
		...{ port: await freePort(host.address), nodeName: "newest-001" },
	});
	host.plane.setAssignments([known]);
	host.plane.setAssignments([known, forgotten]);
	let stop = host.startAgent();
	await untilRunning(known);
	const { pid } = await untilRunning(forgotten);
	const directory = join(host.homeDir, "instances", forgotten.id);
	// The backup knows the first one alone, and the control plane that reads it takes over anew.
	host.plane.epoch = 6;
	host.plane.revision = 0;
	host.plane.setAssignments([{ ...known, generation: 2 }]);
	const event = await host.plane.until("it is told", () =>
		host.plane.events.find(({ type }) => type === "node.set-aside"),
	);
	expect(event).toMatchObject({ severity: "warning", assignmentId: null });
	expect(event.message).toContain(`newest-001 (${forgotten.id})`);
	await host.plane.until("the known one has the change", () => {
		return host.plane.observationOf(known.id)?.generation === 2;
	});
	// Neither what is wanted later nor another agent removes it.
	for (const generation of [3, 4]) {
		const changed = { ...known, generation };
		host.plane.setAssignments([changed]);
		await host.plane.until("the next change is there", () => {
			return host.plane.observationOf(known.id)?.generation === generation;
		});
		expect(host.plane.observationOf(forgotten.id)).toBeUndefined();
		expect(host.engineProcess(forgotten.id)?.pid).toBe(pid);
		expect(existsSync(directory)).toBe(true);
		await stop();
		stop = host.startAgent();
	}
	expect(host.plane.events.filter(({ type }) => type === "node.set-aside")).toHaveLength(1);
	// Only one that knows it again has a say.
	host.plane.setAssignments([{ ...known, generation: 5 }, forgotten]);
	expect((await untilRunning(forgotten)).pid).toBe(pid);
	host.plane.setAssignments([{ ...known, generation: 6 }]);
	await host.plane.until("it is gone", () => {
		return host.plane.observationOf(forgotten.id) === undefined && !existsSync(directory);
	});
	expect(host.engineProcess(forgotten.id)).toBeNull();
});

test("an agent that has lost touch doesn't undo what a Sentinel did", async () => {
	const primary = makeAssignment({ port: await freePort(host.address), onExit: "report" });
	const replica = makeAssignment({
		port: await freePort(host.address),
		nodeName: "orders-002",
		role: { kind: "replica", of: { host: host.address, port: primary.port } },
	});
	host.plane.setAssignments([primary, replica]);
	const stop = host.startAgent();
	await untilRunning(primary);
	await host.plane.until("in sync", () => {
		return host.plane.observationOf(replica.id)?.engineState?.linkUp;
	});
	await stop();
	await host.plane.stop();
	const client = await host.connect(replica.port, "larder");
	await client.command(["REPLICAOF", "NO", "ONE"], 1_000);
	// Both lead now. The agent that starts has nothing but old orders.
	const agent = host.spawnAgent();
	const looks = async () => {
		const info = await client.command(["INFO", "commandstats"], 1_000);
		return Number(/cmdstat_info:calls=(\d+)/.exec(String(info))?.[1] ?? 0);
	};
	const before = await looks();
	// More than it takes to act, and to call a promotion an old one.
	const promotedAt = performance.now();
	await eventually("the agent has looked long enough", async () => {
		return (await looks()) > before + 5 && performance.now() - promotedAt > 4_000;
	});
	expect(await client.command(["ROLE"], 1_000)).toContain("master");
	// Once it is in touch, and still told so, it obeys.
	host.plane.observations = null;
	await host.plane.start();
	await host.plane.until("it follows", () => {
		return host.plane.observationOf(replica.id)?.engineState?.role === "replica";
	});
	client.close();
	await killChild(agent);
});

test("a Sentinel can't make a replica of a primary while the control plane is there to do it", async () => {
	const assignment = await assign();
	host.startAgent();
	await untilRunning(assignment);
	const client = await host.connect(assignment.port, "larder");
	// What a Sentinel may do, without its network: rules are asked for, so that nothing becomes of them.
	const mayDo = async (...command: string[]) => {
		const dryRun = ["ACL", "DRYRUN", assignment.auth.sentinelUsername, ...command];
		return (await client.command(dryRun, 1_000)) === "OK";
	};
	await eventually("it may no more", async () => !(await mayDo("SLAVEOF", "10.0.0.9", "6379")));
	expect(await mayDo("SLAVEOF", "NO", "ONE")).toBe(true);
	await host.plane.stop();
	await eventually("it may again", () => mayDo("SLAVEOF", "10.0.0.9", "6379"));
	client.close();
});

test("reports come as far apart as the control plane asks for", async () => {
	const assignment = await assign();
	host.plane.heartbeatMs = 100;
	host.startAgent();
	await untilRunning(assignment);
	const reports = host.plane.reports.length;
	const startedAt = performance.now();
	await host.plane.until("forty reports", () => host.plane.reports.length >= reports + 40, 40_000);
	// A tenth of it, unless the machine is very busy; with the usual distance it would take 30 s.
	expect(performance.now() - startedAt).toBeLessThan(25_000);
});

test("the result of an order is told until it is stored", async () => {
	const assignment = await assign();
	host.startAgent();
	await untilRunning(assignment);
	const stranger = makeAssignment({ port: 1 });
	const order = makeOrder(host.address, assignment, [stranger]);
	host.plane.failsToStore = true;
	host.plane.notify({ kind: "failover", order });
	const refusals = () => host.plane.refusedReports.filter(({ orders }) => orders.length > 0);
	await host.plane.until("it was told twice in vain", () => refusals().length >= 2);
	host.plane.failsToStore = false;
	await host.plane.until("it is stored", () => host.plane.orderResults.length > 0);
	const reports = host.plane.reports.length;
	await host.plane.until("two more reports", () => host.plane.reports.length >= reports + 2);
	expect(host.plane.orderResults.map(({ id }) => id)).toEqual([order.id]);
});

test("notices of a new control plane don't wait for its state, nor hold it up", async () => {
	const assignment = await assign();
	host.startAgent();
	await untilRunning(assignment);
	const stranger = makeAssignment({ port: 1 });
	host.plane.epoch = 2;
	const changed = { ...assignment, generation: 2 };
	host.plane.setAssignments([changed]);
	const order = makeOrder(host.address, assignment, [stranger]);
	expect((await host.plane.order(order)).outcome).toBe("refused");
	await host.plane.until("it has the new state", () => {
		const seen = host.plane.observationOf(assignment.id);
		return seen?.generation === 2 && host.plane.reports.at(-1)?.epoch === 2;
	});
});

test("a control plane that comes back hears everything at once", async () => {
	const assignment = await assign();
	host.startAgent();
	await untilRunning(assignment);
	await host.plane.stop();
	host.plane.observations = null;
	await new Promise((resolve) => setImmediate(resolve));
	await host.plane.start();
	const before = host.plane.reports.length;
	await host.plane.until("it reports", () => host.plane.reports.length > before);
	expect(host.plane.reports[before]).toMatchObject({
		facts: { bindAddress: host.address },
		observations: [{ assignmentId: assignment.id, phase: "running" }],
	});
});

test("an engine that can't be had is reported with what to do, and used once it is there", async () => {
	const path = process.env.PATH;
	const empty = join(host.homeDir, "no-programs");
	const { server } = await ensureEngine({ engine: "valkey", version: "9" });
	try {
		process.env.PATH = empty;
		const assignment = await assign();
		host.startAgent({ engineStoreDir: join(host.homeDir, "store") });
		const waiting = await host.plane.until("the missing engine is reported", () => {
			const { reason } = host.plane.observationOf(assignment.id) ?? {};
			return reason?.code === "engine-missing" && reason.message.includes("install") && reason;
		});
		expect(waiting.message).toContain("on PATH");
		process.env.PATH = join(server, "..");
		await untilRunning(assignment);
	} finally {
		process.env.PATH = path;
	}
});

test("a launch that came to nothing is done again without a permit", async () => {
	const assignment = makeAssignment({ port: await freePort(host.address), onExit: "report" });
	const directory = join(host.homeDir, "instances", assignment.id);
	mkdirSync(directory, { recursive: true });
	// What the disk looks like when the agent dies between writing its intent and starting the process.
	const record = {
		...{ format: 1, assignmentId: assignment.id, hostId: host.plane.hostId, engine: "valkey" },
		...{ history: "unknown", launchPermit: 0, launches: 1, restarts: 0, identity: null },
		...{ startedAt: new Date().toISOString(), generation: 1 },
	};
	writeFileSync(join(directory, "state.json"), JSON.stringify(record));
	host.plane.setAssignments([assignment]);
	host.startAgent();
	await untilRunning(assignment);
});

test("files that can't be written are named, and the launch is tried again", async () => {
	const assignment = makeAssignment({ port: await freePort(host.address), onExit: "report" });
	const directory = join(host.homeDir, "instances", assignment.id);
	// A directory stands where a file is to be written.
	mkdirSync(join(directory, "data", "dump.rdb"), { recursive: true });
	host.plane.setAssignments([assignment]);
	host.startAgent();
	const failed = await host.plane.until("the failure is reported", () => {
		const { reason } = host.plane.observationOf(assignment.id) ?? {};
		return reason?.code === "launch-failed" && reason;
	});
	expect(failed.message).toContain("dump.rdb");
	rmSync(join(directory, "data", "dump.rdb"), { recursive: true });
	await untilRunning(assignment);
});

test("an engine that ends as it starts is tried again, and its own words say why", async () => {
	const path = process.env.PATH;
	const programs = join(host.homeDir, "programs");
	const { server } = await ensureEngine({ engine: "valkey", version: "9" });
	const program = (otherwise: string) =>
		`#!/bin/sh\nif [ "$1" = --version ]; then echo "Valkey server v=9.9.9"; else ${otherwise}; fi\n`;
	const install = (text: string) => {
		writeFileSync(join(programs, "new"), text, { mode: 0o755 });
		renameSync(join(programs, "new"), join(programs, "valkey-server"));
	};
	mkdirSync(programs);
	install(program("echo no such luck; exit 7"));
	try {
		process.env.PATH = `${programs}:${path}`;
		const assignment = await assign({ onExit: "report" });
		host.startAgent({ engineStoreDir: join(host.homeDir, "store") });
		const failed = await host.plane.until("the failure is reported", () => {
			const { reason } = host.plane.observationOf(assignment.id) ?? {};
			return reason?.code === "launch-failed" && reason.message.includes("luck") && reason;
		});
		expect(failed.message).toMatch(/before it could serve.*no such luck/);
		install(program(`exec ${server} "$@"`));
		await untilRunning(assignment);
	} finally {
		process.env.PATH = path;
	}
});
