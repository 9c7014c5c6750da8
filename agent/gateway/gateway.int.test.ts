import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import { eventually, TIMED } from "../testing/agent-fixture.ts";
import { TestGateway, valkeyPorts } from "../testing/gateway-fixture.ts";
import { listOldWorkers, OLD_WORKERS_MAX } from "./old-workers.ts";

let host: TestGateway;

beforeEach(async () => {
	host = new TestGateway("127.0.1.7");
	await host.gateway.start();
});
afterEach(() => host.dispose());

async function workersOf(pid: number): Promise<number[]> {
	const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
	return children.trim().split(" ").map(Number);
}

async function startPair() {
	const pair = await host.startReplicated();
	const [second] = pair.others;
	if (second === undefined) throw new Error("no replica");
	return { ...pair, second };
}

test("a gateway with nothing to serve runs nothing", async () => {
	host.apply([]);
	await eventually("it has looked", () => host.gateway.observation()?.routeRevision === 1);
	expect(host.haproxy()).toBeNull();
	expect(host.gateway.observation()).toMatchObject({ phase: "running", routes: [] });
});

test("endpoints lead to the primary and to replicas in sync, the reader's to the primary when there is none", async () => {
	const { first, second, primary, reader } = await startPair();
	expect(await host.portBehind(primary)).toBe(first.port);
	second.child.kill("SIGKILL");
	await eventually("readers get the primary", async () => {
		return (await host.portBehind(reader).catch(() => 0)) === first.port;
	});
	// The endpoint serves, but not yet from a replica.
	await eventually("the missing replica is reported", () => {
		return host.gateway.observation()?.routes[0]?.ready === false;
	});
});

test(
	"the primary endpoint follows a swap without a notice, and clients leave the old primary",
	TIMED,
	async () => {
		const { first, second, primary } = await startPair();
		const client = await host.connect(primary);
		await host.ask(second.port, "REPLICAOF", "NO", "ONE");
		await host.ask(first.port, "REPLICAOF", host.address, String(second.port));
		const swappedAt = performance.now();
		await eventually("it leads to the new primary", async () => {
			return (await host.portBehind(primary).catch(() => 0)) === second.port;
		});
		const tookMs = performance.now() - swappedAt;
		console.log(`followed in ${Math.round(tookMs)} ms`);
		// One check each second, and one more on a busy machine.
		expect(tookMs).toBeLessThan(3_000);
		await expect(client.command(["PING"], 2_000)).rejects.toThrow();
	},
);

test(
	"after a notice of a promotion, the primary endpoint follows at once and without a reload",
	TIMED,
	async () => {
		const { first, second, route, primary } = await startPair();
		const client = await host.connect(primary);
		await host.ask(second.port, "REPLICAOF", "NO", "ONE");
		const promotedAt = performance.now();
		// The old primary continues as before, like an engine that was cut off.
		host.apply([{ ...route, servers: host.servers(second, [first, second]) }]);
		await eventually(
			"it leads to the new primary",
			async () => (await host.portBehind(primary).catch(() => 0)) === second.port,
		);
		const tookMs = performance.now() - promotedAt;
		console.log(`notified and followed in ${Math.round(tookMs)} ms`);
		// Sooner than the next check would have found out.
		expect(tookMs).toBeLessThan(1_000);
		await expect(client.command(["PING"], 2_000)).rejects.toThrow();
		// Both claim to be primary for a while: HAProxy prefers the one that was named.
		const until = performance.now() + 1_500;
		await eventually("some time has passed", async () => {
			expect(await host.portBehind(primary)).toBe(second.port);
			return performance.now() > until;
		});
	},
);

/** Measured with 50 (docs/measurements.md). */
const RECONFIGURATIONS = Number(process.env.LARDER_TEST_RECONFIGURATIONS ?? 20);

test("reconfigurations under load drop no connection and refuse none", async () => {
	const { first, second, route, primary } = await startPair();
	const persistent = await Promise.all(Array.from({ length: 20 }, () => host.connect(primary)));
	let running = true;
	let commands = 0;
	let connections = 0;
	const load = Promise.all([
		...persistent.map(async (client) => {
			while (running) {
				await client.command(["INCR", "counter"], 20_000);
				commands++;
			}
		}),
		...[1, 2].map(async () => {
			while (running) {
				await host.ask(primary, "PING");
				connections++;
			}
		}),
	]);
	const extra = await Promise.all(
		Array.from({ length: RECONFIGURATIONS }, () => host.valkeyRoute(first, [second])),
	);
	for (let round = 0; round < RECONFIGURATIONS; round++) {
		await host.applyAndWait([route, ...extra.slice(0, round + 1)]);
		// Each of these clients keeps a worker alive; they are fewer than the maximum.
		if (round % 4 === 0)
			persistent.push(await host.connect(valkeyPorts(extra[round] ?? route).primary));
	}
	running = false;
	await load;
	for (const client of persistent) expect(await client.command(["PING"], 20_000)).toBe("PONG");
	console.log(`${commands} commands, ${connections} new connections`);
	expect(commands).toBeGreaterThan(1_000);
	for (const client of persistent) client.close();
});

test("a gateway that starts again adopts the running HAProxy, and changes nothing about it", async () => {
	const { route, primary } = await startPair();
	const before = host.haproxy();
	const client = await host.connect(primary);
	await host.restart();
	await host.applyAndWait([route]);
	expect(host.haproxy()).toEqual(before);
	expect(await client.command(["PING"], 20_000)).toBe("PONG");
	client.close();
});

test("an HAProxy that is killed is back at once", TIMED, async () => {
	const { route, primary } = await startPair();
	const client = await host.connect(primary);
	const victim = host.haproxy();
	if (victim === null) throw new Error("no HAProxy");
	const workers = await workersOf(victim.pid);
	const killedAt = performance.now();
	signalProcess(victim, "SIGKILL");
	await eventually("a new one answers", async () => {
		const pid = host.haproxy()?.pid ?? victim.pid;
		if (pid === victim.pid || workers.includes(pid)) return false;
		return (await host.ask(primary, "PING").catch(() => "")) === "PONG";
	});
	console.log(`back in ${Math.round(performance.now() - killedAt)} ms`);
	expect(performance.now() - killedAt).toBeLessThan(5_000);
	expect(route.ports.primary).toBe(primary);
	client.close();
});

test("a port that another program holds keeps out only its own route, until it is free", async () => {
	const { first, second, route } = await startPair();
	const other = await host.valkeyRoute(first, [second]);
	const squatter = createServer().listen(valkeyPorts(other).primary, host.address);
	await once(squatter, "listening");
	const revision = host.apply([route, other]);
	await eventually("it has looked", () => host.gateway.observation()?.routeRevision === revision);
	const routes = host.gateway.observation()?.routes ?? [];
	expect(routes.find(({ cacheId }) => cacheId === route.cacheId)?.ready).toBe(true);
	expect(routes.find(({ cacheId }) => cacheId === other.cacheId)).toMatchObject({
		ready: false,
		problem: {
			code: "port-taken",
			message: expect.stringContaining("in use by another program"),
			port: expect.any(Number),
		},
	});
	squatter.close();
	await eventually(
		"the route is ready",
		() => host.gateway.observation()?.routes.every(({ ready }) => ready) === true,
	);
});

test("only the route that HAProxy refuses is left out", async () => {
	const { first, second, route } = await startPair();
	const broken = await host.valkeyRoute(first, [second]);
	const twice = [...broken.servers, ...broken.servers];
	await host.applyAndWait([route]);
	const revision = host.apply([route, { ...broken, servers: twice }]);
	await eventually("it has looked", () => host.gateway.observation()?.routeRevision === revision);
	const routes = host.gateway.observation()?.routes ?? [];
	expect(routes.find(({ cacheId }) => cacheId === broken.cacheId)?.problem?.code).toBe("failed");
	expect(await host.ask(valkeyPorts(route).primary, "PING")).toBe("PONG");
});

test("the number of old workers is limited; those with the fewest connections end", async () => {
	const { first, second, route, primary } = await startPair();
	const routes = [route];
	const clients = [];
	for (let round = 0; round < OLD_WORKERS_MAX + 3; round++) {
		// The third has one client, all others two.
		for (let each = 0; each < (round === 2 ? 1 : 2); each++)
			clients.push(await host.connect(primary));
		routes.push(await host.valkeyRoute(first, [second]));
		await host.applyAndWait(routes);
	}
	const socket = join(host.homeDir, "gateway", "master.sock");
	await eventually("the rest has ended", async () => {
		return (await listOldWorkers(socket)).length <= OLD_WORKERS_MAX;
	});
	const alive = await Promise.all(
		clients.map((client) =>
			client.command(["PING"], 20_000).then(
				() => true,
				() => false,
			),
		),
	);
	expect(alive[4]).toBe(false);
	expect(alive.filter((each) => !each).length).toBeLessThanOrEqual(5);
	for (const client of clients) client.close();
});

test("a client of an old worker leaves a deposed primary too", async () => {
	const { first, second, route, primary } = await startPair();
	const client = await host.connect(primary);
	const other = await host.valkeyRoute(first, [second]);
	await host.applyAndWait([route, other]);
	expect(await client.command(["PING"], 20_000)).toBe("PONG");
	const promoted = host.servers(second, [first, second]);
	await host.ask(second.port, "REPLICAOF", "NO", "ONE");
	host.apply([
		{ ...route, servers: promoted },
		{ ...other, servers: promoted },
	]);
	await eventually("it lost its connection", () =>
		client.command(["PING"], 20_000).then(
			() => false,
			() => true,
		),
	);
});

test("both sides of a connection are probed at the cache's tcp-keepalive interval", async () => {
	const engine = await host.startValkey();
	const route = { ...(await host.valkeyRoute(engine, [])), tcpKeepaliveSeconds: 77 };
	await host.applyAndWait([route]);
	const { primary } = valkeyPorts(route);
	const client = await host.connect(primary);
	const ticks = [
		...keepaliveTicks(({ local }) => local === primary),
		...keepaliveTicks(({ remote }) => remote === engine.port),
	];
	client.close();
	expect(ticks.some((each) => each > 70 * TICKS_PER_SECOND)).toBe(true);
	expect(ticks.filter((each) => each > 77 * TICKS_PER_SECOND)).toEqual([]);
	expect(ticks.length).toBeGreaterThanOrEqual(2);
});

/** The unit of timers that the kernel shows to programs. */
const TICKS_PER_SECOND = 100;

/** Time until the kernel probes the matching connections, for those that have such a timer. */
function keepaliveTicks(fits: (ports: { local: number; remote: number }) => boolean): number[] {
	const port = (address = "") => Number.parseInt(address.split(":")[1] ?? "", 16);
	const lines = readFileSync("/proc/net/tcp", "utf8").split("\n");
	return lines.flatMap((line) => {
		const [, local, remote, state, , timer = ""] = line.trim().split(/\s+/);
		const [kind, left = ""] = timer.split(":");
		const isKept = state === "01" && kind === "02";
		if (!isKept || !fits({ local: port(local), remote: port(remote) })) return [];
		return [Number.parseInt(left, 16)];
	});
}
