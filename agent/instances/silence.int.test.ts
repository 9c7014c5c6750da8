import { afterEach, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Assignment } from "../../server/contract/agent.ts";
import { HUNG_TIMING } from "../../server/contract/limits.ts";
import { freePort, TestHost } from "../testing/agent-fixture.ts";
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

test("an engine that stops answering is told of with the time, and once it answers again", async () => {
	const stoppedAt = Date.now();
	signalProcess(engine(), "SIGSTOP");
	const { silentSince } = await host.plane.until("its silence is told", () => {
		const observation = seen();
		return observation !== undefined && observation.silentSince !== null && observation;
	});
	if (process.env.LARDER_TEST_TIMES) console.log(`told after ${Date.now() - stoppedAt} ms`);
	const since = new Date(silentSince ?? 0).getTime();
	expect(since).toBeGreaterThanOrEqual(stoppedAt);
	expect(since).toBeLessThanOrEqual(Date.now());
	const unreachable = await host.plane.until("it is called unreachable", () => {
		const observation = seen();
		return observation?.reason?.code === "unreachable" && observation;
	});
	// Since the first question that it left open, not the last.
	expect(unreachable).toMatchObject({ phase: "running", pid: engine().pid, silentSince });
	signalProcess(engine(), "SIGCONT");
	const back = await host.plane.until("it answers", () => {
		const observation = seen();
		return observation?.engineState && observation.silentSince === null && observation;
	});
	expect(back).toMatchObject({ pid: unreachable.pid, reason: null });
});

test("one that answers again in time isn't ended, however soon that was asked for", async () => {
	const { pid } = engine();
	signalProcess(engine(), "SIGSTOP");
	await host.plane.until("its silence is told", () => seen()?.silentSince);
	host.plane.notify({ kind: "end-hung", assignmentId: assignment.id, pid });
	await host.plane.until("it is told again", () => {
		const since = seen()?.silentSince ?? null;
		return since !== null && Date.now() - Date.parse(since) > HUNG_TIMING.askedAfterMs;
	});
	signalProcess(engine(), "SIGCONT");
	await host.plane.until("it answers", () => seen()?.silentSince === null && seen()?.engineState);
	const reports = host.plane.reports.length;
	await host.plane.until("three more reports", () => host.plane.reports.length >= reports + 3);
	expect(engine().pid).toBe(pid);
	expect(host.plane.events.map(({ type }) => type)).not.toContain("node.ended");
});

test("only the very process that hangs is ended, and its end is like any other", async () => {
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
	await host.plane.until("its silence is told", () => seen()?.silentSince);
	await host.plane.until("it is unreachable", () => seen()?.reason?.code === "unreachable");
	expect(engine().pid).toBe(pid);
	endHung();
	const ended = await host.plane.until("its exit is told", () => {
		const observation = seen();
		return observation?.phase === "exited" && observation;
	});
	expect(ended).toMatchObject({ pid: null, silentSince: null });
	const types = () => host.plane.events.map(({ type }) => type);
	await host.plane.until("both are told", () => {
		return types().includes("node.ended") && types().includes("node.exited");
	});
	// A primary that may have heirs isn't started again without a permit.
	expect(host.engineProcess(assignment.id)).toBeNull();
});
