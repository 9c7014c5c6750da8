import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openHome } from "../../platform/home.ts";
import { readLock } from "../../platform/process-lock.ts";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import { cacheSchema } from "../../server/contract/cache-view.ts";
import { placeNewDatabase } from "../fixtures/database-template.ts";
import { type Environment, runLarder } from "../fixtures/larder-command.ts";
import { enginesOf, processesOf, tradeOf } from "../fixtures/processes-of.ts";
import { findFreePort, type ReservedPorts, reservePorts } from "../fixtures/reserve-ports.ts";
import { type RunningCommand, startCommand } from "../fixtures/start-command.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

let root: string;
let ports: ReservedPorts;
let environment: { LARDER_HOME: string; PORT: string } & Record<string, string>;
const started: RunningCommand[] = [];

beforeEach(async () => {
	root = makeOwnedDirectory("larder-up-");
	ports = await reservePorts();
	await placeNewDatabase(homeOf(root).databaseDir);
	environment = {
		LARDER_HOME: root,
		PORT: String(await findFreePort()),
		...ports.environment,
	};
});
afterEach(async () => {
	await runLarder(["stop"], environment);
	await Promise.all(started.splice(0).map((up) => up.end("SIGKILL")));
	await ports.release();
	const left = processesOf(root);
	for (const { pid } of left) process.kill(pid, "SIGKILL");
	rmSync(root, { recursive: true, force: true });
	expect(left).toEqual([]);
});

function up(extra: Environment = {}): RunningCommand {
	const one = startCommand(["up"], { ...environment, ...extra });
	started.push(one);
	return one;
}

async function createCache(name: string, ...args: string[]) {
	const made = await runLarder(
		["caches", "create", name, "--auth", "none", "--wait", "--json", ...args],
		environment,
	);
	expect(made.stderr).toContain(`${name} is available`);
	return cacheSchema.parse(JSON.parse(made.stdout));
}

const homeOf = (directory: string) => openHome({ ...process.env, LARDER_HOME: directory });
const pidsOf = () =>
	enginesOf(root)
		.map((engine) => engine.pid)
		.sort();

/** Checks logs and processes' arguments. */
function expectNoSecret(): void {
	const token = readFileSync(join(root, "admin-token"), "utf8").trim();
	const logs = ["control-plane", "agent-local-a", "agent-local-b", "agent-local-c"].map((name) =>
		readFileSync(join(root, "logs", `${name}.log`), "utf8"),
	);
	for (const text of [...logs, ...processesOf(root).map((each) => each.command)]) {
		expect(text).not.toContain(token);
		expect(text).not.toMatch(/larder_join_\w/);
	}
}

describe("larder up", () => {
	it("says where Larder is, how to create the administrator, how to stop it, but no secret; larder stop works even if all of Larder's programs are dead", async () => {
		const first = up();
		await first.prints("Larder runs at");
		const url = `http://127.0.0.1:${environment.PORT}`;
		expect(first.output()).toContain(`Larder runs at ${url}`);
		expect(first.output()).toContain("Hosts online: local-a, local-b, local-c");
		expect(first.output()).toMatch(new RegExp(`${url}/setup\\?token=\\S{20,}`));
		expect(first.output()).toContain("npm stop stops everything");
		expect(statSync(join(root, "admin-token")).mode & 0o777).toBe(0o600);
		expect((await fetch(`${url}/healthz`)).status).toBe(200);
		await createCache("orders");
		expectNoSecret();

		await first.end("SIGKILL");
		for (const each of processesOf(root)) {
			if (each.command.includes("/dist/")) process.kill(each.pid, "SIGKILL");
		}
		expect(pidsOf()).toHaveLength(1);
		expect((await runLarder(["stop"], environment)).exitCode).toBe(0);
		expect(processesOf(root)).toEqual([]);
	});

	it("refuses to run twice on a home and names the other process; after that one is killed, the next start says what it left", async () => {
		const first = up();
		await first.prints("Larder runs at");
		const second = up({ PORT: String(await findFreePort()) });
		await waitUntil("the second to give up", () => second.ended() !== null);
		expect(second.ended()).toBe(5);
		expect(second.output()).toContain(`Larder already runs in ${root}`);
		expect(second.output()).toContain(`process ${first.pid}`);
		expect(second.output()).toContain("LARDER_HOME");
		expect((await fetch(`http://127.0.0.1:${environment.PORT}/healthz`)).status).toBe(200);

		await first.end("SIGKILL");
		const orphan = readLock(homeOf(root).controlPlaneLock);
		const third = up();
		await waitUntil("the third to give up", () => third.ended() !== null);
		expect(third.output()).toContain("A control plane already runs");
		expect(third.output()).toContain(`kill ${orphan?.identity.pid}`);
		process.kill(orphan?.identity.pid ?? 0, "SIGTERM");
		await waitUntil("the orphan to end", () => {
			return readLock(homeOf(root).controlPlaneLock) === null;
		});
		const fourth = up();
		await fourth.prints("Larder runs at");
		expect(fourth.output()).toContain("agents that an earlier run left behind");
		expect(fourth.output()).toContain("Hosts online: local-a, local-b, local-c");
		expect(await fourth.end("SIGTERM")).toBe(0);
	});

	it("names PORT and its owner when it is taken", async () => {
		const { createServer } = await import("node:net");
		const server = createServer();
		await new Promise<void>((resolve) => {
			server.listen(Number(environment.PORT), "127.0.0.1", resolve);
		});
		const refused = up();
		await waitUntil("it to give up", () => refused.ended() !== null);
		expect(refused.ended()).toBe(5);
		expect(refused.output()).toContain(`Port ${environment.PORT} on 127.0.0.1 is in use`);
		expect(refused.output()).toContain(`process ${process.pid}`);
		expect(refused.output()).toContain("PORT=");
		await new Promise((resolve) => server.close(resolve));
	});

	it("leaves caches serving on Ctrl-C; the next start is warm and adopts them", async () => {
		const first = up();
		await first.prints("Larder runs at");
		const cache = await createCache("orders", "--replicas", "2");
		const before = pidsOf();
		expect(before).toHaveLength(3);
		const othersRunning = () => {
			const others = processesOf(root).filter(({ pid }) => !before.includes(pid));
			return new Set(others.map(({ pid }) => tradeOf(pid)));
		};
		// A cache is available before all of its Sentinels watch it.
		await waitUntil("a Sentinel to run", () => othersRunning().has("sentinel"));
		const client = new Redis({
			host: cache.endpoints.primary?.host ?? "",
			port: cache.endpoints.primary?.port ?? 0,
		});
		await client.set("k", "v");

		expect(await first.end("SIGINT")).toBe(0);
		expect(first.output()).toContain("3 cache nodes keep serving");
		expect(first.output()).toContain("npm stop");
		expect(await client.get("k")).toBe("v");
		expect(pidsOf()).toEqual(before);
		expect(othersRunning()).toEqual(new Set(["gateway", "sentinel"]));

		const second = up();
		await waitUntil("the control plane to answer", async () => {
			return (await fetch(`http://127.0.0.1:${environment.PORT}/healthz`)).status === 200;
		});
		await second.prints("Larder runs at");
		// Warm: nothing is installed, built or fetched again. The time depends on the machine.
		expect(second.output()).not.toMatch(/install|build|fetch/i);
		await waitUntil("the cache to be available again", async () => {
			const shown = await runLarder(["caches", "show", "orders", "--json"], environment);
			const now = cacheSchema.parse(JSON.parse(shown.stdout));
			return now.status === "available" && now.shards.every((s) => s.nodes.every((n) => n.inSync));
		});
		expect(pidsOf()).toEqual(before);
		expect(await client.get("k")).toBe("v");
		client.disconnect();
	});

	it("starts a killed control plane and killed agents again, and caches don't notice; larder stop stops everything, and can be repeated", async () => {
		const first = up();
		await first.prints("Larder runs at");
		await createCache("orders", "--replicas", "1");
		const before = pidsOf();
		const lock = homeOf(root).controlPlaneLock;
		const killed = readLock(lock)?.identity.pid ?? 0;
		process.kill(killed, "SIGKILL");
		await waitUntil("another control plane", () => {
			const pid = readLock(lock)?.identity.pid;
			return pid !== undefined && pid !== killed;
		});
		for (const agent of processesOf(root).filter((each) => each.command.endsWith("agent.mjs"))) {
			process.kill(agent.pid, "SIGKILL");
		}
		expect(first.output()).toContain("The control plane ended (killed by SIGKILL)");
		await waitUntil("three agents", () => {
			const agents = processesOf(root).filter((each) => each.command.endsWith("agent.mjs"));
			return agents.length === 3;
		});
		expect(pidsOf()).toEqual(before);

		const stopped = await runLarder(["stop"], environment);
		expect(stopped.exitCode).toBe(0);
		expect(stopped.stdout).toContain("Stopped 2 cache nodes");
		expect(processesOf(root)).toEqual([]);
		await waitUntil("up to end", () => first.ended() !== null);
		const again = await runLarder(["stop"], environment);
		expect(again).toMatchObject({
			exitCode: 0,
			stdout: expect.stringContaining("Nothing was running in"),
		});
	});

	it("says why the control plane can't start", async () => {
		const refused = up({ DATABASE_URL: "mysql://somewhere" });
		await waitUntil("it to give up", () => refused.ended() !== null);
		expect(refused.ended()).toBe(1);
		expect(refused.output()).toContain("DATABASE_URL");
	});
});
