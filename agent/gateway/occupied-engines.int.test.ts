import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EngineConnection } from "../drivers/engine-connection.ts";
import { eventually, TIMED } from "../testing/agent-fixture.ts";
import { type TestEngine, TestGateway, valkeyPorts } from "../testing/gateway-fixture.ts";

const ENDLESS = "while true do end";

let host: TestGateway;

beforeEach(async () => {
	host = new TestGateway("127.0.1.31");
	await host.gateway.start();
});
afterEach(() => host.dispose());

const isReady = () => host.gateway.observation()?.routes.every((route) => route.ready) === true;

async function startAlone() {
	const engine = await host.startValkey();
	const route = await host.valkeyRoute(engine, []);
	await host.applyAndWait([route]);
	return { engine, ...valkeyPorts(route) };
}

/** Makes it run an endless script. Returns once it answers BUSY to all other clients. */
async function occupy({ port }: TestEngine, command: "EVAL" | "EVAL_RO"): Promise<void> {
	await host.ask(port, "CONFIG", "SET", "busy-reply-threshold", "50");
	const runner = await host.connect(port);
	void runner.command([command, ENDLESS, "0"], 60_000).catch(() => {});
	const other = await host.connect(port);
	await eventually("it says BUSY", () => says(other, "BUSY"));
	other.close();
}

async function says(connection: EngineConnection, code: string): Promise<boolean> {
	return await connection.command(["GET", "k"], 20_000).then(
		() => false,
		(error: { code?: string }) => error.code === code,
	);
}

/** Waits until HAProxy has had time for two checks, a second apart. */
async function untilChecked(): Promise<void> {
	const until = performance.now() + 2_200;
	await eventually("it has been checked twice", () => performance.now() > until);
}

test("a long script doesn't close any endpoint: clients stay connected, and a new client can connect to kill the script", async () => {
	const { engine, primary, reader } = await startAlone();
	const client = await host.connect(primary);
	await occupy(engine, "EVAL");
	await untilChecked();
	expect(isReady()).toBe(true);
	expect(await says(client, "BUSY")).toBe(true);
	for (const port of [primary, reader]) {
		const newcomer = await host.connect(port);
		expect(await says(newcomer, "BUSY")).toBe(true);
		newcomer.close();
	}
	expect(await host.ask(primary, "SCRIPT", "KILL")).toBe("OK");
	// The script ends a moment after the answer.
	await eventually("clients are served again", async () => !(await says(client, "BUSY")));
	client.close();
});

test("an engine with too many clients keeps them, and refuses others itself", async () => {
	const { engine, primary } = await startAlone();
	const client = await host.connect(primary);
	const before = String(await client.command(["INFO", "clients"], 20_000));
	const clients = /connected_clients:(\d+)/.exec(before)?.[1];
	await client.command(["CONFIG", "SET", "maxclients", clients ?? "1"], 20_000);
	await untilChecked();
	expect(isReady()).toBe(true);
	expect(await client.command(["PING"], 20_000)).toBe("PONG");
	await expect(host.connect(primary)).rejects.toThrow("max number of clients reached");
	await client.command(["CONFIG", "SET", "maxclients", "100"], 20_000);
	await eventually("new clients are served", async () => {
		return (await host.ask(primary, "PING").catch(() => null)) === "PONG";
	});
	client.close();
	expect(engine.child.exitCode).toBeNull();
});

test("a busy replica doesn't become the endpoint's primary when the primary dies", async () => {
	const { first, others, primary } = await host.startReplicated();
	const [second] = others;
	if (second === undefined) throw new Error("no replica");
	await host.ask(second.port, "CONFIG", "SET", "lua-time-limit", "50");
	await occupy(second, "EVAL_RO");
	await untilChecked();
	first.child.kill("SIGKILL");
	await once(first.child, "exit");
	await eventually("the endpoint is reported as having no primary", () => !isReady());
	await expect(host.connect(primary)).rejects.toThrow();
});

test(
	"without a notice, the endpoint leaves a hung primary once another node is primary",
	TIMED,
	async () => {
		const { first, others, primary } = await host.startReplicated();
		const [second] = others;
		if (second === undefined) throw new Error("no replica");
		const client = await host.connect(primary);
		first.child.kill("SIGSTOP");
		const waiting = client.command(["GET", "k"], 30_000);
		await host.ask(second.port, "REPLICAOF", "NO", "ONE");
		const promotedAt = performance.now();
		await expect(waiting).rejects.toThrow();
		const tookMs = performance.now() - promotedAt;
		console.log(`left after ${Math.round(tookMs)} ms`);
		expect(tookMs).toBeLessThan(8_000);
		expect(await host.portBehind(primary)).toBe(second.port);
		first.child.kill("SIGCONT");
	},
);
