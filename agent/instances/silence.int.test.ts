import { afterEach, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { HUNG_TIMING } from "../../server/contract/limits.ts";
import { EngineConnection } from "../drivers/engine-connection.ts";
import { eventually, freePort, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment } from "../testing/assignments.ts";

let host: TestHost;
let assignment: Assignment;

beforeEach(async () => {
	host = new TestHost("127.0.1.9");
	await host.plane.start();
	host.startAgent();
	assignment = makeAssignment({ port: await freePort(host.address), onExit: "report" });
	host.plane.setAssignments([assignment]);
	await host.plane.until("it runs", () => seen()?.phase === "running");
});
afterEach(() => host.dispose());

const seen = () => host.plane.observationOf(assignment.id);

function engine() {
	const found = host.engineProcess(assignment.id);
	if (found === null) throw new Error("no engine");
	return found;
}

test("an engine that stops answering is reported with the length of its silence, and again once it answers", async () => {
	const stoppedAt = performance.now();
	signalProcess(engine(), "SIGSTOP");
	const silentForMs = () => seen()?.silentForMs ?? null;
	const first = await host.plane.until("its silence is reported", silentForMs);
	const reportedAfterMs = performance.now() - stoppedAt;
	if (process.env.LARDER_TEST_TIMES) console.log(`reported after ${reportedAfterMs} ms`);
	expect(first).toBeLessThanOrEqual(reportedAfterMs);
	const unreachable = await host.plane.until("it is reported as unreachable", () => {
		const observation = seen();
		return observation?.reason?.code === "unreachable" && observation;
	});
	// Since the first unanswered question, not the last.
	expect(unreachable).toMatchObject({ phase: "running", pid: engine().pid });
	expect(unreachable.silentForMs).toBeGreaterThanOrEqual(first);
	signalProcess(engine(), "SIGCONT");
	const back = await host.plane.until("it answers", () => {
		const observation = seen();
		return observation?.engineState && observation.silentForMs === null && observation;
	});
	expect(back).toMatchObject({ pid: unreachable.pid, reason: null });
});

test("an engine that answers again in time isn't ended, however early the order to end it came", async () => {
	const { pid } = engine();
	signalProcess(engine(), "SIGSTOP");
	const silentForMs = await host.plane.until("its silence is reported", () => seen()?.silentForMs);
	const since = performance.now() - silentForMs;
	host.plane.notify({ kind: "end-hung", assignmentId: assignment.id, pid });
	await host.plane.until("it is due", () => performance.now() - since > HUNG_TIMING.askedAfterMs);
	signalProcess(engine(), "SIGCONT");
	await host.plane.until("it answers", () => seen()?.silentForMs === null && seen()?.engineState);
	const reports = host.plane.reports.length;
	await host.plane.until("three more reports", () => host.plane.reports.length >= reports + 3);
	expect(engine().pid).toBe(pid);
	expect(host.plane.events.map(({ type }) => type)).not.toContain("node.ended");
});

test("only the process that hangs is ended, and its end is handled like any other", async () => {
	const { pid } = engine();
	const endHung = (changes: { pid?: number; assignmentId?: string } = {}) =>
		host.plane.notify({
			...{ kind: "end-hung", assignmentId: assignment.id, pid },
			...changes,
		});
	// It answers, so it isn't killed.
	endHung();
	const reports = host.plane.reports.length;
	await host.plane.until("three more reports", () => host.plane.reports.length >= reports + 3);
	expect(engine().pid).toBe(pid);
	signalProcess(engine(), "SIGSTOP");
	endHung({ pid: pid + 1 });
	endHung({ assignmentId: "another" });
	await host.plane.until("its silence is reported", () => seen()?.silentForMs);
	await host.plane.until("it is unreachable", () => seen()?.reason?.code === "unreachable");
	expect(engine().pid).toBe(pid);
	endHung();
	const ended = await host.plane.until("its exit is reported", () => {
		const observation = seen();
		return observation?.phase === "exited" && observation;
	});
	expect(ended).toMatchObject({ pid: null, silentForMs: null });
	const types = () => host.plane.events.map(({ type }) => type);
	await host.plane.until("both are reported", () => {
		return types().includes("node.ended") && types().includes("node.exited");
	});
	// A primary with possible successors doesn't restart without a permit.
	expect(host.engineProcess(assignment.id)).toBeNull();
});

/** A client that runs a script for this long, on an engine that answers BUSY after a tenth of a second. */
async function runScript(script: string, forMs: number) {
	const { systemUsername: username, systemPassword: password } = assignment.auth;
	const address = { host: host.address, port: assignment.port, username, password };
	const connection = await EngineConnection.open(address, 2_000);
	await connection.command(["CONFIG", "SET", "busy-reply-threshold", "100"], 20_000);
	const loop = `local t = redis.call('TIME'); local function ms() local n = redis.call('TIME'); return (n[1] - t[1]) * 1000 + (n[2] - t[2]) / 1000 end; while ms() < ${forMs} do end; return 'done'`;
	const answer = connection
		.command(["EVAL", `${script} ${loop}`, "1", "k"], 60_000)
		.catch((error: Error) => error.message)
		.finally(() => connection.close());
	return { answer };
}

async function untilHung(): Promise<void> {
	const silentForMs = await host.plane.until("its silence is reported", () => seen()?.silentForMs);
	const since = performance.now() - silentForMs;
	await eventually("it has been silent for long enough", () => {
		return performance.now() - since > HUNG_TIMING.endedAfterMs;
	});
}

test("a busy engine isn't hung: it isn't ended, and its reason says so", async () => {
	const { pid } = engine();
	const endHung = () => host.plane.notify({ kind: "end-hung", assignmentId: assignment.id, pid });
	const { answer } = await runScript("", 4_000);
	await untilHung();
	expect(seen()).toMatchObject({ busy: true, reason: { code: "unreachable" } });
	expect(seen()?.reason?.message).toContain("busy with one command or script since");
	endHung();
	expect(await answer).toBe("done");
	await host.plane.until("it answers", () => {
		const observation = seen();
		return observation?.silentForMs === null && observation.engineState !== null;
	});
	expect(seen()).toMatchObject({ pid, busy: false, reason: null });
	expect(host.plane.events.map(({ type }) => type)).not.toContain("node.ended");
});

test("busy for too long: only the script is killed if it has written nothing, otherwise the engine is", async () => {
	assignment = { ...assignment, generation: 2, busyTimeoutMs: 1_500 };
	host.plane.setAssignments([assignment]);
	await host.plane.until("its agent knows the limit", () => seen()?.generation === 2);
	const { pid } = engine();
	const endHung = () => host.plane.notify({ kind: "end-hung", assignmentId: assignment.id, pid });
	const types = () => host.plane.events.map(({ type }) => type);
	const untilUsedUp = () =>
		host.plane.until("its time is used up", () => seen()?.silentForMs && seen()?.busy === false);

	const reading = await runScript("redis.call('GET', KEYS[1])", 60_000);
	await untilUsedUp();
	endHung();
	expect(await reading.answer).toContain("Script killed by user");
	await host.plane.until("it answers", () => seen()?.silentForMs === null && seen()?.engineState);
	expect(seen()?.pid).toBe(pid);
	await host.plane.until("it is reported", () => types().includes("node.script-killed"));
	const reported = host.plane.events.find(({ type }) => type === "node.script-killed");
	expect(reported?.message).toMatch(new RegExp(`^${assignment.nodeName} didn't answer clients`));

	await runScript("redis.call('SET', KEYS[1], 'half')", 60_000);
	await untilUsedUp();
	endHung();
	await host.plane.until("its end is reported", () => seen()?.phase === "exited");
	await host.plane.until("and why", () => types().includes("node.ended"));
});

test("an engine with too many clients keeps its state, even if it refuses its own agent", async () => {
	const { systemUsername: username, systemPassword: password } = assignment.auth;
	const address = { host: host.address, port: assignment.port, username, password };
	const client = await EngineConnection.open(address, 2_000);
	const before = seen();
	// Its agent has to reconnect.
	await client.command(["CONFIG", "SET", "maxclients", "1"], 20_000);
	await client.command(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"], 20_000);
	const types = () => host.plane.events.map(({ type }) => type);
	await host.plane.until("it is reported", () => types().includes("node.full"));
	expect(seen()).toMatchObject({ pid: before?.pid, reason: null, silentForMs: null });
	expect(seen()?.engineState?.role).toBe("primary");
	expect(await client.command(["PING"], 20_000)).toBe("PONG");
	client.close();
});
