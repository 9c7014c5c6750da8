import { afterEach, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Assignment } from "../../server/contract/agent.ts";
import { MemcachedConnection } from "../drivers/memcached-connection.ts";
import { freePort, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment } from "../testing/assignments.ts";

let host: TestHost;

beforeEach(async () => {
	host = new TestHost("127.0.1.5");
	await host.plane.start();
});
afterEach(() => host.dispose());

async function run(changes: Partial<Assignment> = {}): Promise<Assignment> {
	const assignment = await host.assign({
		...{ engine: "memcached", engineVersion: "1.6", role: { kind: "node" } },
		...changes,
	});
	await host.untilRunning(assignment);
	return assignment;
}

async function stats(assignment: Assignment): Promise<ReadonlyMap<string, string>> {
	const connection = new MemcachedConnection(host.address, assignment.port);
	const fields = await connection.stats(1_000);
	connection.close();
	return fields;
}

test("a node serves with its memory and parameters, and starts again whatever happened", async () => {
	host.startAgent();
	const parameters = [{ name: "max_item_size", value: "2097152", live: false }];
	const node = await run({ parameters, onExit: "report" });
	const { pid, engineState } = await host.untilRunning(node);
	expect(engineState).toMatchObject({ role: "node", linkUp: true, cluster: null });
	expect(engineState?.version).toMatch(/^1\.6\./);
	const fields = await stats(node);
	expect(fields.get("limit_maxbytes")).toBe(String(64 * 1024 ** 2));
	const client = new MemcachedConnection(host.address, node.port);
	expect(await client.line("set a 0 0 1\r\nx", 1_000)).toBe("STORED");
	client.close();
	const engine = host.engineProcess(node.id);
	expect(engine?.pid).toBe(pid);
	if (engine !== null) signalProcess(engine, "SIGKILL");
	const again = await host.plane.until("another process runs", () => {
		const seen = host.plane.observationOf(node.id);
		return seen?.phase === "running" && seen.pid !== pid && seen;
	});
	expect(again.restarts).toBe(1);
});

test("it is adopted, resized while it runs, rebooted, and removed without a trace", async () => {
	const stop = host.startAgent();
	const node = await run();
	const { pid } = await host.untilRunning(node);
	await stop();
	host.plane.observations = null;
	host.startAgent();
	expect((await host.untilRunning(node)).pid).toBe(pid);
	const larger = { ...node, generation: 2, maxmemoryBytes: 128 * 1024 ** 2 };
	host.plane.setAssignments([larger]);
	expect((await host.untilRunning(larger)).pid).toBe(pid);
	expect((await stats(node)).get("limit_maxbytes")).toBe(String(128 * 1024 ** 2));
	const parameters = [{ name: "idle_timeout", value: "60", live: false }];
	const changed = { ...larger, generation: 3, parameters };
	host.plane.setAssignments([changed]);
	expect((await host.untilRunning(changed)).pendingParameters).toEqual(["idle_timeout"]);
	const rebooted = { ...changed, generation: 4, reboot: 1 };
	host.plane.setAssignments([rebooted]);
	const seen = await host.plane.until("it is rebooted", () => {
		const observation = host.plane.observationOf(node.id);
		return observation?.phase === "running" && observation.reboot === 1 && observation;
	});
	expect(seen.pid).not.toBe(pid);
	expect(seen.pendingParameters).toEqual([]);
	host.plane.setAssignments([]);
	await host.plane.until("it is gone", () => host.plane.observations?.length === 0);
	expect(host.engineProcess(node.id)).toBeNull();
});

test("a node that can't start says why in the program's own words", async () => {
	host.startAgent();
	const parameters = [{ name: "max_item_size", value: "1", live: false }];
	const node = makeAssignment({
		...{ port: await freePort(host.address), engine: "memcached", engineVersion: "1.6" },
		...{ role: { kind: "node" }, parameters },
	});
	host.plane.setAssignments([node]);
	const failed = await host.plane.until("the failure is reported", () => {
		const { reason } = host.plane.observationOf(node.id) ?? {};
		return reason?.code === "launch-failed" && reason.message.includes("log") && reason;
	});
	expect(failed.message).toMatch(/item max size/i);
	const mended = { ...node, generation: 2, parameters: [] };
	host.plane.setAssignments([mended]);
	await host.untilRunning(mended);
});
