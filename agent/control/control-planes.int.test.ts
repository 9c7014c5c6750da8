import { existsSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ensureEngine } from "../bundles/index.ts";
import { eventually, freePort, killChild, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment, makeOrder } from "../testing/assignments.ts";

let host: TestHost;

beforeAll(async () => {
	await ensureEngine({ engine: "valkey", version: "9" });
});

beforeEach(async () => {
	host = new TestHost("127.0.1.12");
	await host.plane.start();
});
afterEach(() => host.dispose());

test("a rebuilt control plane that knows no assignments removes no engines", async () => {
	const assignment = await host.assign();
	const stop = host.startAgent();
	const { pid } = await host.untilRunning(assignment);
	await stop();
	host.plane.hostId = "00000000-0000-4000-8000-000000000000";
	host.plane.epoch = 0;
	host.plane.setAssignments([]);
	host.plane.observations = null;
	host.startAgent();
	await host.plane.until("it follows the new one", () => host.plane.observations?.length === 0);
	expect(host.engineProcess(assignment.id)?.pid).toBe(pid);
});

test("an agent refuses a desired state from a control plane that has been replaced", async () => {
	host.plane.epoch = 5;
	const assignment = await host.assign();
	host.startAgent();
	const { pid } = await host.untilRunning(assignment);
	host.plane.epoch = 4;
	host.plane.setAssignments([]);
	const reports = host.plane.reports.length;
	await host.plane.until("two more reports", () => host.plane.reports.length >= reports + 2);
	expect(host.engineProcess(assignment.id)?.pid).toBe(pid);
	expect(host.plane.reports.at(-1)?.epoch).toBe(5);
});

test("an agent keeps its engines while a control plane doesn't speak its version, and logs what to do", async () => {
	const assignment = await host.assign();
	const lines: string[] = [];
	host.startAgent({ logger: pino({ level: "warn" }, { write: (line) => lines.push(line) }) });
	const { pid } = await host.untilRunning(assignment);
	await host.plane.stop();
	host.plane.foreign = true;
	host.plane.setAssignments([]);
	await host.plane.start();
	const isLogged = () =>
		lines.some((line) => line.includes("The control plane is older than this agent"));
	await eventually("the log says what to do", isLogged);
	const logged = lines.length;
	const calls = host.plane.refusedCalls;
	await eventually("it keeps calling", () => host.plane.refusedCalls >= calls + 4);
	expect(lines).toHaveLength(logged);
	expect(host.engineProcess(assignment.id)?.pid).toBe(pid);
	host.plane.foreign = false;
	host.plane.setAssignments([{ ...assignment, generation: 2 }]);
	expect((await host.untilRunning({ ...assignment, generation: 2 })).pid).toBe(pid);
});

test("an agent leaves alone the instances that a restored control plane doesn't know", async () => {
	host.plane.epoch = 5;
	const known = makeAssignment({ port: await freePort(host.address) });
	const forgotten = makeAssignment({
		...{ port: await freePort(host.address), nodeName: "newest-001" },
	});
	host.plane.setAssignments([known]);
	host.plane.setAssignments([known, forgotten]);
	let stop = host.startAgent();
	await host.untilRunning(known);
	const { pid } = await host.untilRunning(forgotten);
	const directory = join(host.homeDir, "instances", forgotten.id);
	// The backup contains only the first one, and the control plane that reads it takes over with a new epoch.
	host.plane.epoch = 6;
	host.plane.revision = 0;
	host.plane.setAssignments([{ ...known, generation: 2 }]);
	const aside = () => host.plane.reports.at(-1)?.setAside ?? [];
	await host.plane.until("it is reported", () => aside().length > 0);
	const { cacheId, port } = forgotten;
	const was = { cacheId, nodeName: "newest-001", port, proof: expect.any(String) };
	expect(aside()).toEqual([{ assignmentId: forgotten.id, directory, pid, was }]);
	await host.plane.until("the known one has the change", () => {
		return host.plane.observationOf(known.id)?.generation === 2;
	});
	// Neither a later desired state nor a restart of the agent removes it.
	for (const generation of [3, 4]) {
		const changed = { ...known, generation };
		host.plane.setAssignments([changed]);
		await host.plane.until("the next change has arrived", () => {
			return host.plane.observationOf(known.id)?.generation === generation;
		});
		expect(host.plane.observationOf(forgotten.id)).toBeUndefined();
		expect(host.engineProcess(forgotten.id)?.pid).toBe(pid);
		expect(existsSync(directory)).toBe(true);
		await stop();
		stop = host.startAgent();
	}
	await host.plane.until("it is reported again", () => aside().length > 0);
	expect(aside()).toMatchObject([{ assignmentId: forgotten.id, was: null }]);
	// Only a control plane that knows it again may change it.
	host.plane.setAssignments([{ ...known, generation: 5 }, forgotten]);
	expect((await host.untilRunning(forgotten)).pid).toBe(pid);
	host.plane.setAssignments([{ ...known, generation: 6 }]);
	await host.plane.until("it is gone", () => {
		return host.plane.observationOf(forgotten.id) === undefined && !existsSync(directory);
	});
	expect(host.engineProcess(forgotten.id)).toBeNull();
});

test("a node that a restored control plane looks for doesn't start until its place is certain", async () => {
	const assignment = await host.assign();
	host.startAgent();
	const { pid } = await host.untilRunning(assignment);
	const sought = makeAssignment({
		...{ port: await freePort(host.address), nodeName: "orders-002" },
	});
	host.plane.epoch = 2;
	host.plane.unlocated = [assignment.id, sought.id];
	host.plane.setAssignments([{ ...assignment, generation: 2 }, sought]);
	await host.plane.until("the one that is here has the change", () => {
		return host.plane.observationOf(assignment.id)?.generation === 2;
	});
	expect(host.plane.observationOf(sought.id)).toBeUndefined();
	expect(existsSync(join(host.homeDir, "instances", sought.id))).toBe(false);
	// Unknown instances are left alone only at the takeover: one that is assigned and dropped later is removed as
	// usual.
	const extra = makeAssignment({
		...{ port: await freePort(host.address), nodeName: "orders-003" },
	});
	host.plane.setAssignments([{ ...assignment, generation: 2 }, sought, extra]);
	await host.untilRunning(extra);
	host.plane.setAssignments([{ ...assignment, generation: 2 }, sought]);
	await host.plane.until("it is removed", () => !host.plane.observationOf(extra.id));
	expect(host.plane.reports.at(-1)?.setAside).toEqual([]);
	host.plane.unlocated = [];
	host.plane.setAssignments([{ ...assignment, generation: 2 }, sought]);
	await host.untilRunning(sought);
	expect(host.engineProcess(assignment.id)?.pid).toBe(pid);
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
	await host.untilRunning(primary);
	await host.plane.until("in sync", () => {
		return host.plane.observationOf(replica.id)?.engineState?.linkUp;
	});
	await stop();
	await host.plane.stop();
	const client = await host.connect(replica.port, "larder");
	await client.command(["REPLICAOF", "NO", "ONE"], 20_000);
	// Both are primaries now. The agent that starts has nothing but old orders.
	const agent = host.spawnAgent();
	const looks = async () => {
		const info = await client.command(["INFO", "commandstats"], 20_000);
		return Number(/cmdstat_info:calls=(\d+)/.exec(String(info))?.[1] ?? 0);
	};
	const before = await looks();
	// Long enough for the agent to act, and for the promotion no longer to count as recent.
	const promotedAt = performance.now();
	await eventually("the agent has looked long enough", async () => {
		return (await looks()) > before + 5 && performance.now() - promotedAt > 4_000;
	});
	expect(await client.command(["ROLE"], 20_000)).toContain("master");
	// Once the agent is in touch, and still gets the same order, it obeys.
	host.plane.observations = null;
	await host.plane.start();
	await host.plane.until("it follows", () => {
		return host.plane.observationOf(replica.id)?.engineState?.role === "replica";
	});
	client.close();
	await killChild(agent);
});

test("a Sentinel can't demote a primary while the control plane is in touch, and can never make a node follow a stranger", async () => {
	const assignment = await host.assign();
	const { cacheId, cacheName, engine } = assignment;
	host.plane.setRoutes([
		{
			...{ cacheId, cacheName, engine, check: null, discovery: null, sentinel: null },
			tcpKeepaliveSeconds: 60,
			ports: { primary: null, reader: null, configuration: null },
			servers: [{ nodeId: "sibling", host: "10.0.0.9", port: 6_379, leads: false }],
		},
	]);
	host.startAgent();
	await host.untilRunning(assignment);
	const client = await host.connect(assignment.port, "larder");
	// Asks the engine whether a Sentinel may do something, without a Sentinel and without doing it.
	const mayDo = async (...command: string[]) => {
		const dryRun = ["ACL", "DRYRUN", assignment.auth.sentinelUsername, ...command];
		return (await client.command(dryRun, 20_000)) === "OK";
	};
	await eventually("it no longer may", async () => !(await mayDo("SLAVEOF", "10.0.0.9", "6379")));
	expect(await mayDo("SLAVEOF", "NO", "ONE")).toBe(true);
	await host.plane.stop();
	await eventually("it may again", () => mayDo("SLAVEOF", "10.0.0.9", "6379"));
	// But not to an address outside the cache: the engine would show the replicas' password there.
	expect(await mayDo("SLAVEOF", "10.0.0.66", "6379")).toBe(false);
	client.close();
});

test("the control plane sets the interval between reports", async () => {
	const assignment = await host.assign();
	host.plane.heartbeatMs = 100;
	host.startAgent();
	await host.untilRunning(assignment);
	const reports = host.plane.reports.length;
	const startedAt = performance.now();
	await host.plane.until("forty reports", () => host.plane.reports.length >= reports + 40, 40_000);
	// About 4 s, unless the machine is very busy; at the usual interval it would take 30 s.
	expect(performance.now() - startedAt).toBeLessThan(25_000);
});

test("the result of an order is reported until it is stored", async () => {
	const assignment = await host.assign();
	host.startAgent();
	await host.untilRunning(assignment);
	const stranger = makeAssignment({ port: 1 });
	const order = makeOrder(host.address, assignment, [stranger]);
	host.plane.failsToStore = true;
	host.plane.notify({ kind: "failover", order });
	const refusals = () => host.plane.refusedReports.filter(({ orders }) => orders.length > 0);
	await host.plane.until("it was reported twice, and refused", () => refusals().length >= 2);
	host.plane.failsToStore = false;
	await host.plane.until("it is stored", () => host.plane.orderResults.length > 0);
	const reports = host.plane.reports.length;
	await host.plane.until("two more reports", () => host.plane.reports.length >= reports + 2);
	expect(host.plane.orderResults.map(({ id }) => id)).toEqual([order.id]);
});

test("notices from a new control plane neither wait for its desired state nor delay it", async () => {
	const assignment = await host.assign();
	host.startAgent();
	await host.untilRunning(assignment);
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

test("the first report to a control plane that comes back contains everything", async () => {
	const assignment = await host.assign();
	host.startAgent();
	await host.untilRunning(assignment);
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
