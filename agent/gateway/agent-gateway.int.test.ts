import { Resolver } from "node:dns/promises";
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Names } from "../../server/contract/names.ts";
import type { Route } from "../../server/contract/routes.ts";
import { ensureEngines } from "../bundles/index.ts";
import { probePort } from "../supervisor/port-probe.ts";
import { eventually, freePort, TestHost } from "../testing/agent-fixture.ts";
import { GATEWAY_PASSWORD, makeAssignment } from "../testing/assignments.ts";
import { findHaproxy } from "../testing/find-programs.ts";

let host: TestHost;

beforeAll(async () => {
	await ensureEngines({ wanted: [{ engine: "valkey", version: "9" }, { engine: "haproxy" }] });
});
beforeEach(async () => {
	host = new TestHost("127.0.1.10");
	await host.plane.start();
});
afterEach(() => host.dispose());

/** A cache of one node, assigned to this host and routed. */
async function makeCache(): Promise<{ route: Route; primary: number }> {
	const assignment = makeAssignment({ port: await freePort(host.address) });
	const primary = await freePort(host.address);
	const route: Route = {
		cacheId: "cache-1",
		cacheName: assignment.cacheName,
		engine: "valkey",
		ports: { primary, reader: await freePort(host.address), configuration: null },
		servers: [{ nodeId: "node-1", host: host.address, port: assignment.port, leads: true }],
		check: { username: assignment.auth.gatewayUsername, password: GATEWAY_PASSWORD },
		discovery: null,
		tcpKeepaliveSeconds: 300,
		sentinel: null,
	};
	host.plane.setAssignments([assignment]);
	host.plane.setRoutes([route]);
	return { route, primary };
}

function untilReady(): Promise<unknown> {
	return host.plane.until("the route is ready", () => {
		const gateway = host.plane.gateway;
		return gateway?.phase === "running" && gateway.routes[0]?.ready;
	});
}

async function answers(port: number): Promise<boolean> {
	const client = await host.connect(port).catch(() => null);
	if (client === null) return false;
	const answer = await client.command(["PING"], 1_000).catch(() => null);
	client.close();
	return answer === "PONG";
}

test("a new route is served and reported at once, and reported again only when it changes", async () => {
	host.startAgent();
	const { primary } = await makeCache();
	await untilReady();
	expect(await answers(primary)).toBe(true);
	const before = host.plane.reports.length;
	const more = () => host.plane.reports.length > before + 1;
	await host.plane.until("two more heartbeats", more);
	expect(host.plane.reports.slice(before + 1).every(({ gateway }) => gateway === null)).toBe(true);
	host.plane.setRoutes([]);
	await host.plane.until("it is gone", () => host.plane.gateway?.routes.length === 0);
	await eventually(
		"its port is closed",
		async () => (await probePort(host.address, primary)).kind === "free",
	);
	// HAProxy keeps running idle, for the next cache.
	expect(findHaproxy(host.homeDir)).not.toBeNull();
});

test("an agent that starts without its control plane serves the last routes and names it received", async () => {
	host.dnsPort = await freePort(host.address);
	const stop = host.startAgent();
	const { primary } = await makeCache();
	await untilReady();
	// They stand in for the gateways of other hosts.
	const [lost, other] = ["127.0.1.11", "127.0.1.12"].map((address) =>
		createServer().listen({ host: address, port: primary }),
	);
	host.plane.setNames(namesOf(primary));
	// A state without a table must not make it forget the table that it has.
	host.plane.setAssignments([makeAssignment({ port: await freePort(host.address) })]);
	await host.plane.until("the new state is in effect", () => host.plane.observations?.length === 1);
	const cache = join(host.homeDir, "desired.json");
	expect(JSON.parse(readFileSync(cache, "utf8")).routeTable.routes).toHaveLength(1);
	expect(statSync(cache).mode & 0o777).toBe(0o600);
	// Its own gateway leads nowhere: the cache's only engine isn't assigned any more.
	await eventually("it answers with the gateways that lead to the cache", async () => {
		return (await known(ORDERS)).join() === "127.0.1.11,127.0.1.12";
	});
	await stop();
	await host.plane.stop();
	const haproxy = findHaproxy(host.homeDir);
	if (haproxy === null) throw new Error("HAProxy doesn't outlive its agent");
	signalProcess(haproxy, "SIGKILL");
	await eventually("it is gone", () => findHaproxy(host.homeDir) === null);
	host.startAgent();
	await eventually("a new one runs", () => findHaproxy(host.homeDir) !== null);
	await eventually("it answers names again", async () => (await known(ORDERS)).length > 0);
	lost?.close();
	await eventually("a lost host isn't named any more", async () => {
		return (await resolve(ORDERS)).join() === "127.0.1.12";
	});
	other?.close();
	// Too large for UDP, so the client asks again over TCP.
	expect(await resolve(`wide.${ZONE}`)).toHaveLength(WIDE.length);
	await expect(resolve(`none.${ZONE}`)).rejects.toMatchObject({ code: "ENOTFOUND" });
	await expect(resolve("example.com")).rejects.toMatchObject({ code: "EREFUSED" });
});

const ZONE = `cache.${"label-of-63-characters".padEnd(63, "x")}.${"y".repeat(63)}.${"z".repeat(40)}.test`;
const ORDERS = `orders.${ZONE}`;
const WIDE = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"];

function namesOf(primary: number): Names {
	return {
		...{ zone: ZONE, revision: 1, whole: true, removed: [] },
		names: [
			{
				...{ name: "orders", kind: "primary", port: primary },
				addresses: [host.address, "127.0.1.11", "127.0.1.12"],
			},
			{ name: "wide", kind: "node", port: 17_000, addresses: WIDE },
		],
	};
}

/** Asks the agent as any program of this machine would. */
async function resolve(name: string): Promise<string[]> {
	const resolver = new Resolver({ timeout: 2_000, tries: 2 });
	resolver.setServers([`${host.address}:${host.dnsPort}`]);
	return await resolver.resolve4(name);
}

/** The same, while the agent may not be listening yet. */
function known(name: string): Promise<string[]> {
	return resolve(name).catch(() => []);
}
