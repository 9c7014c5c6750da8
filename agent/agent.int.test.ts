import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../platform/process-identity.ts";
import type { Assignment } from "../server/contract/desired-state.ts";
import { ensureEngine } from "./bundles/index.ts";
import { eventually, freePort, killChild, TestHost } from "./testing/agent-fixture.ts";
import { makeAssignment } from "./testing/assignments.ts";

let host: TestHost;

beforeAll(async () => {
	await ensureEngine({ engine: "valkey", version: "9" });
});

beforeEach(async () => {
	host = new TestHost("127.0.1.2");
	await host.plane.start();
});
afterEach(() => host.dispose());

test("engines serve without a single error while their agent is killed, and are adopted", async () => {
	const assignment = await host.assign();
	let agent = host.spawnAgent();
	const { pid } = await host.untilRunning(assignment);
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
		const seen = await host.untilRunning(assignment);
		expect(seen).toMatchObject({ pid, restarts: 0 });
		// A new agent that hasn't looked yet raises no alarm.
		const observed = host.plane.reports
			.slice(before)
			.flatMap((report) => report.observations ?? []);
		expect(new Set(observed.map((observation) => observation.phase))).toEqual(new Set(["running"]));
	}
	serving = false;
	await load;
	expect(served).toBeGreaterThan(1_000);
	expect(await client.command(["GET", "counter"], 1_000)).toBe(String(served));
	client.close();
});

test("the next agent finds an engine whose agent died between starting it and writing down its pid", async () => {
	const assignment = await host.assign({ onExit: "restart" });
	const agent = host.spawnAgent();
	const { pid } = await host.untilRunning(assignment);
	await killChild(agent);
	// What the disk looks like if the agent dies at that moment.
	const file = join(host.homeDir, "instances", assignment.id, "state.json");
	const record = JSON.parse(readFileSync(file, "utf8"));
	writeFileSync(
		file,
		JSON.stringify({ ...record, identity: null, history: "unknown", startedAt: null }),
	);
	rmSync(join(host.homeDir, "instances", assignment.id, "engine.pid"), { force: true });
	host.plane.observations = null;
	host.startAgent();
	expect(await host.untilRunning(assignment)).toMatchObject({ pid, restarts: 0 });
});

test("an agent killed at any moment of a launch leaves one process, never two", async () => {
	const assignments: Assignment[] = [];
	for (const afterMs of [0, 2, 5, 13, 34]) {
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
		const { pid } = await host.untilRunning(assignment);
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
	expect(message).toContain("already uses this directory");
	await stop();
	await expect(host.startAgent()()).resolves.toBeUndefined();
});

test("without a control plane an agent supervises its last known assignments", async () => {
	const assignment = await host.assign();
	const stop = host.startAgent();
	const { pid } = await host.untilRunning(assignment);
	await stop();
	await host.plane.stop();
	const engine = host.engineProcess(assignment.id);
	expect(engine?.pid).toBe(pid);
	host.startAgent();
	if (engine !== null) signalProcess(engine, "SIGKILL");
	await eventually("it runs again", () => (host.engineProcess(assignment.id)?.pid ?? pid) !== pid);
	host.plane.observations = null;
	await host.plane.start();
	expect((await host.untilRunning(assignment)).restarts).toBe(1);
});

test("the next agent finishes a removal that a dead agent left unfinished", async () => {
	const assignment = await host.assign();
	const agent = host.spawnAgent();
	await host.untilRunning(assignment);
	await killChild(agent);
	host.plane.setAssignments([]);
	host.plane.observations = null;
	host.startAgent();
	await host.plane.until("it is gone", () => host.plane.observations?.length === 0);
	expect(host.engineProcess(assignment.id)).toBeNull();
	expect(existsSync(join(host.homeDir, "instances", assignment.id))).toBe(false);
});

test("without a remembered state an agent touches nothing and reports nothing as gone", async () => {
	const assignment = await host.assign();
	const stop = host.startAgent();
	const { pid } = await host.untilRunning(assignment);
	await stop();
	rmSync(join(host.homeDir, "desired.json"));
	host.plane.forgetful = true;
	const before = host.plane.reports.length;
	const stopAgain = host.startAgent();
	const enrollments = host.plane.enrollments;
	await eventually("it has tried again", () => host.plane.enrollments > enrollments + 2);
	expect(host.engineProcess(assignment.id)?.pid).toBe(pid);
	await stopAgain();
	expect(host.plane.reports.slice(before).every((report) => report.observations === null)).toBe(
		true,
	);
});
