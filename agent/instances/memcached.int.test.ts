import { appendFileSync, statSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { MemcachedConnection } from "../drivers/memcached-connection.ts";
import { openFilesOf } from "../machine/open-files.ts";
import { eventually, freePort, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment } from "../testing/assignments.ts";
import { instancePaths } from "./instance-paths.ts";

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
	const fields = await connection.stats(20_000);
	connection.close();
	return fields;
}

test("a node serves with its memory and parameters, and restarts after any end", async () => {
	host.startAgent();
	const parameters = [{ name: "max_item_size", value: "2097152", live: false }];
	const node = await run({ parameters, onExit: "report" });
	const { pid, engineState, clientLimit } = await host.untilRunning(node);
	expect(engineState).toMatchObject({ role: "node", linkUp: true, cluster: null });
	expect(engineState?.version).toMatch(/^1\.6\./);
	const fields = await stats(node);
	expect(fields.get("limit_maxbytes")).toBe(String(64 * 1024 ** 2));
	// As many clients as its parameters say, or as this machine's limit on open files allows.
	const actual = Math.min(65_000, openFilesOf().hard - 128);
	expect(clientLimit).toEqual(actual < 65_000 ? { actual, wanted: 65_000 } : null);
	const client = new MemcachedConnection(host.address, node.port);
	expect(await client.line("set a 0 0 1\r\nx", 20_000)).toBe("STORED");
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

test("forbidden commands are disabled, and settings that a client changes for all are put back", async () => {
	host.startAgent();
	const node = await run();
	const client = new MemcachedConnection(host.address, node.port);
	for (const closed of [
		"watch fetchers",
		"stats detail on",
		"lru_crawler metadump all",
		"shutdown",
	]) {
		await expect(client.line(closed, 20_000), closed).rejects.toThrow(/not (allowed|en)/);
	}
	expect(await client.line("cache_memlimit 1024", 20_000)).toBe("OK");
	expect(await client.line("verbosity 2", 20_000)).toBe("OK");
	await eventually("both are as they should be", async () => {
		const settings = await client.stats(20_000, "settings");
		const limit = String(64 * 1024 ** 2);
		return settings.get("maxbytes") === limit && settings.get("verbosity") === "0";
	});
	const { log } = instancePaths(host.homeDir, node.id);
	appendFileSync(log, Buffer.alloc(6 * 1024 ** 2));
	await eventually("the log is bounded", () => statSync(log).size < 1024 ** 2);
	// The engine continues at the new end.
	await client.line("verbosity 2", 20_000);
	await eventually("more is logged", async () => {
		await client.line("version", 20_000);
		return statSync(log).size > 0;
	});
	expect(statSync(log).size).toBeLessThan(1024 ** 2);
	client.close();
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
