import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ensureEngine } from "../bundles/index.ts";
import { driverOf } from "../instances/instance-context.ts";
import { instancePaths } from "../instances/instance-paths.ts";
import { TestHost } from "../testing/agent-fixture.ts";

let host: TestHost;

beforeAll(async () => {
	await ensureEngine({ engine: "valkey", version: "9" });
});
beforeEach(async () => {
	host = new TestHost("127.0.1.21");
	await host.plane.start();
	host.startAgent();
});
afterEach(() => host.dispose());

test("an engine's counters show what clients asked, moved, and took in time, and what it stores", async () => {
	const assignment = await host.assign({});
	await host.untilRunning(assignment);
	const session = await driverOf("valkey").openSession({
		...{ assignment: () => assignment, paths: instancePaths(host.homeDir, assignment.id) },
		...{ bindAddress: host.address, timeoutMs: 2_000, inTouch: () => true, cacheHosts: () => [] },
		...{ turnedLately: () => false, onClosed: () => undefined },
	});
	// The host's agent and this session aren't clients.
	expect((await session.sample()).clients).toBe(0);
	const client = await host.connect(assignment.port);
	expect((await session.sample()).clients).toBe(1);
	const ask = (...command: string[]) => client.command(command, 20_000);
	const before = await session.sample();
	const value = "x".repeat(100_000);
	for (let index = 0; index < 20; index += 1) await ask("SET", `key-${index}`, value);
	for (let index = 0; index < 30; index += 1) await ask("GET", "key-0");
	await ask("EVAL", "local n = 0 for i = 1, 3000000 do n = n + i end return n", "0");
	// Waits for 200 ms, which isn't work.
	await ask("BLPOP", "none", "0.2");
	const after = await session.sample();
	const { usage: then } = before;
	const { usage: now } = after;
	expect(now.requests.direct - then.requests.direct).toBe(30 + 1);
	const commands = (usage: typeof now) => usage.requests.replicable?.commands ?? 0;
	expect(commands(now) - commands(then)).toBe(20 + 1);
	expect(now.simple.calls - then.simple.calls).toBe(50);
	const moved = now.bytes.clients - then.bytes.clients;
	expect(moved).toBeGreaterThan(50 * 100_000);
	expect(moved).toBeLessThan(50 * 100_000 + 100_000);
	expect(now.heavy.direct.usec - then.heavy.direct.usec).toBeGreaterThan(2_000);
	expect(now.heavy.replicable.usec - then.heavy.replicable.usec).toBeLessThan(200_000);
	expect(now.cpuUsec - then.cpuUsec).toBeGreaterThan(2_000);
	expect(now.bytes.total).toBeGreaterThan(then.bytes.total);
	const stored = after.storedBytes - before.storedBytes;
	expect(stored).toBeGreaterThan(20 * 100_000);
	expect(stored).toBeLessThan(20 * 140_000);
	client.close();
	session.close();
});
