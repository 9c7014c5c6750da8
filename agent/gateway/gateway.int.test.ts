import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import { eventually } from "../testing/agent-fixture.ts";
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

test("nothing runs where there is nothing to serve", async () => {
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
	// The endpoint serves, but not yet as it should.
	await eventually("the missing replica is told", () => {
		return host.gateway.observation()?.routes[0]?.ready === false;
	});
});

test("the primary endpoint follows a swap with no word, and clients leave the old primary", async () => {
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
	// A check each second, and one more of a busy machine's.
	expect(tookMs).toBeLessThan(3_000);
	await expect(client.command(["PING"], 2_000)).rejects.toThrow();
});

test("told of a promotion, the primary endpoint follows at once and without a reload", async () => {
	const { first, second, route, primary } = await startPair();
	const client = await host.connect(primary);
	await host.ask(second.port, "REPLICAOF", "NO", "ONE");
	const toldAt = performance.now();
	// The old primary goes on as if nothing were: an engine that was cut off.
	host.apply([{ ...route, servers: host.servers(second, [first, second]) }]);
	await eventually(
		"it leads to the new primary",
		async () => (await host.portBehind(primary).catch(() => 0)) === second.port,
	);
	const tookMs = performance.now() - toldAt;
	console.log(`told and followed in ${Math.round(tookMs)} ms`);
	// Sooner than the next check would have found out.
	expect(tookMs).toBeLessThan(1_000);
	await expect(client.command(["PING"], 2_000)).rejects.toThrow();
	// Both claim to lead for a while: the one that was named is preferred.
	const until = performance.now() + 1_500;
	await eventually("some time has passed", async () => {
		expect(await host.portBehind(primary)).toBe(second.port);
		return performance.now() > until;
	});
});

test("50 reconfigurations under load drop no connection and refuse none", async () => {
	const { first, second, route, primary } = await startPair();
	const persistent = await Promise.all(Array.from({ length: 20 }, () => host.connect(primary)));
	let running = true;
	let commands = 0;
	let connections = 0;
	const load = Promise.all([
		...persistent.map(async (client) => {
			while (running) {
				await client.command(["INCR", "counter"], 5_000);
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
		Array.from({ length: 50 }, () => host.valkeyRoute(first, [second])),
	);
	for (let round = 0; round < 50; round++) {
		await host.applyAndWait([route, ...extra.slice(0, round + 1)]);
		// Each of them keeps a worker alive: fewer than may live.
		if (round % 4 === 0)
			persistent.push(await host.connect(valkeyPorts(extra[round] ?? route).primary));
	}
	running = false;
	await load;
	for (const client of persistent) expect(await client.command(["PING"], 5_000)).toBe("PONG");
	console.log(`${commands} commands, ${connections} new connections`);
	expect(commands).toBeGreaterThan(1_000);
	for (const client of persistent) client.close();
}, 120_000);

test("a gateway that begins anew adopts the HAProxy that runs, and changes nothing of it", async () => {
	const { route, primary } = await startPair();
	const before = host.haproxy();
	const client = await host.connect(primary);
	await host.restart();
	await host.applyAndWait([route]);
	expect(host.haproxy()).toEqual(before);
	expect(await client.command(["PING"], 2_000)).toBe("PONG");
	client.close();
});

test("a HAProxy that is killed is back at once", async () => {
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

test("a port that another program has keeps its own route out alone, until it is free", async () => {
	const { first, second, route } = await startPair();
	const other = await host.valkeyRoute(first, [second]);
	const squatter = createServer().listen(valkeyPorts(other).primary, host.address);
	await once(squatter, "listening");
	const revision = host.apply([route, other]);
	await eventually("it is told", () => host.gateway.observation()?.routeRevision === revision);
	const routes = host.gateway.observation()?.routes ?? [];
	expect(routes.find(({ cacheId }) => cacheId === route.cacheId)?.ready).toBe(true);
	expect(routes.find(({ cacheId }) => cacheId === other.cacheId)).toMatchObject({
		ready: false,
		problem: { code: "port-taken", message: expect.stringContaining("in use by another program") },
	});
	squatter.close();
	await eventually(
		"the route came",
		() => host.gateway.observation()?.routes.every(({ ready }) => ready) === true,
	);
});

test("a route that HAProxy can't take is left out alone", async () => {
	const { first, second, route } = await startPair();
	const broken = await host.valkeyRoute(first, [second]);
	const twice = [...broken.servers, ...broken.servers];
	await host.applyAndWait([route]);
	const revision = host.apply([route, { ...broken, servers: twice }]);
	await eventually("it is told", () => host.gateway.observation()?.routeRevision === revision);
	const routes = host.gateway.observation()?.routes ?? [];
	expect(routes.find(({ cacheId }) => cacheId === broken.cacheId)?.problem?.code).toBe("failed");
	expect(await host.ask(valkeyPorts(route).primary, "PING")).toBe("PONG");
});

test("so many workers of earlier configurations live at most; those with the fewest connections end", async () => {
	const { first, second, route, primary } = await startPair();
	const routes = [route];
	const clients = [];
	for (let round = 0; round < OLD_WORKERS_MAX + 3; round++) {
		// The third of them has one client, all others two.
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
			client.command(["PING"], 2_000).then(
				() => true,
				() => false,
			),
		),
	);
	expect(alive[4]).toBe(false);
	expect(alive.filter((each) => !each).length).toBeLessThanOrEqual(5);
	for (const client of clients) client.close();
}, 120_000);

test("a client of an old worker leaves a deposed primary too", async () => {
	const { first, second, route, primary } = await startPair();
	const client = await host.connect(primary);
	const other = await host.valkeyRoute(first, [second]);
	await host.applyAndWait([route, other]);
	expect(await client.command(["PING"], 2_000)).toBe("PONG");
	const promoted = host.servers(second, [first, second]);
	await host.ask(second.port, "REPLICAOF", "NO", "ONE");
	host.apply([
		{ ...route, servers: promoted },
		{ ...other, servers: promoted },
	]);
	await eventually("it lost its connection", () =>
		client.command(["PING"], 2_000).then(
			() => false,
			() => true,
		),
	);
});
