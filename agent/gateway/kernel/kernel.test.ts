import { expect, test } from "vitest";
import { kernelTableName } from "../../../platform/kernel-table.ts";
import type { Route } from "../../../server/contract/routes.ts";
import { chooseLeads, everyLead, isFullyLed, type LocalView, strays } from "./choose-leads.ts";
import type { Role } from "./engine-role.ts";
import { parseConnections } from "./forwarded-connections.ts";
import { parseListeningPorts } from "./listening-ports.ts";
import { LocalAddresses } from "./local-addresses.ts";
import { changeLeads, cutOff, refuseFormer } from "./ruleset.ts";

const HERE = "10.0.0.1";

function server(nodeId: string, host: string, leads = false): Route["servers"][number] {
	return { nodeId, host, port: 17_000 + nodeId.length, leads };
}

function route(servers: Route["servers"], changes: Partial<Route> = {}): Route {
	return {
		cacheId: "cache-1",
		cacheName: "orders",
		engine: "valkey",
		ports: { primary: 6379, reader: 6380, configuration: null },
		servers,
		check: null,
		discovery: null,
		sentinel: null,
		tcpKeepaliveSeconds: 300,
		...changes,
	};
}

function viewOf(roles: Record<string, Role>): LocalView {
	return {
		here: ({ host, port }) => (host === HERE ? { host, port } : null),
		roleOf: ({ nodeId }) => roles[nodeId] ?? "none",
	};
}

/** Node ids have different lengths, so ports tell them apart. */
function portsLed(routes: Route[], roles: Record<string, Role>): Record<number, number[]> {
	const leads = chooseLeads(routes, viewOf(roles));
	return Object.fromEntries([...leads].map(([port, to]) => [port, to.map((each) => each.port)]));
}

test("an endpoint leads where the route and the engine agree", () => {
	const servers = [server("a", HERE, true), server("bb", HERE), server("ccc", HERE)];
	const replicas = { bb: "replica", ccc: "replica" } as const;
	expect(portsLed([route(servers)], { a: "primary", ...replicas })).toEqual({
		6379: [17_001],
		6380: [17_002, 17_003],
	});
	// A Sentinel has promoted another node.
	expect(portsLed([route(servers)], { a: "replica", bb: "primary", ccc: "replica" })).toEqual({
		6379: [17_002],
		6380: [17_003],
	});
	// The named one doesn't answer: HAProxy decides.
	expect(portsLed([route(servers)], { bb: "primary", ccc: "replica" })).toEqual({ 6380: [17_003] });
	// No replica is in sync.
	expect(portsLed([route(servers)], { a: "primary" })).toEqual({ 6379: [17_001], 6380: [17_001] });
	const isOpen = (roles: Record<string, Role>) => {
		const view = viewOf(roles);
		return isFullyLed(route(servers), chooseLeads([route(servers)], view), view);
	};
	expect(isOpen({ a: "primary", ccc: "replica" })).toBe(true);
	expect(isOpen({ a: "primary" })).toBe(false);
	expect(isOpen(replicas)).toBe(false);
});

test("endpoints that lead to other hosts, or whose first command must be read, stay with HAProxy", () => {
	const servers = [server("a", HERE, true), server("bb", HERE), server("ccc", "10.0.0.2")];
	const roles = { a: "primary", bb: "replica", ccc: "replica" } as const;
	expect(portsLed([route(servers)], roles)).toEqual({ 6379: [17_001] });
	expect(portsLed([route([server("a", "10.0.0.2", true)])], roles)).toEqual({});
	const configuration = { primary: null, reader: null, configuration: 11_211 };
	const members = { a: "member", bb: "member" } as const;
	expect(portsLed([route(servers, { ports: configuration })], members)).toEqual({
		11211: [17_001],
	});
	const ofTwoShards = servers.map((each) => ({ ...each, leads: true }));
	expect(portsLed([route(ofTwoShards, { ports: configuration })], members)).toEqual({
		11211: [17_001, 17_002],
	});
	expect(
		portsLed([route(servers, { ports: configuration, engine: "memcached" })], members),
	).toEqual({});
});

test("connections to a server that doesn't lead, or says that it doesn't, are strays", () => {
	const servers = [server("a", HERE, true), server("bb", HERE)];
	const found = (roles: Record<string, Role>) => strays(route(servers), HERE, viewOf(roles));
	const endpoint = { host: HERE, port: 6379 };
	const [a, b] = [17_001, 17_002].map((port) => ({ host: HERE, port }));
	expect(found({ a: "primary" })).toEqual({ key: "a", endpoint, engines: [b] });
	// Silent or starting: its clients wait with it.
	expect(found({ a: "none" })).toEqual({ key: "a", endpoint, engines: [b] });
	expect(found({ a: "replica" })).toEqual({ key: "", endpoint, engines: [a, b] });
	expect(found({ a: "replica", bb: "primary" })).toEqual({ key: "bb", endpoint, engines: [a] });
});

test("the kernel gets only what has changed", () => {
	const at = (...ports: number[]) => ports.map((port) => ({ host: HERE, port }));
	const before = new Map([
		[6379, at(17_001)],
		[6380, at(17_002, 17_003)],
	]);
	const after = new Map([
		[6379, at(17_001)],
		[6380, at(17_003)],
	]);
	expect(changeLeads("t", before, before)).toEqual([]);
	expect(changeLeads("t", before, after)).toEqual([
		"delete element ip t leads { 20 . 6380, 21 . 6380 }",
		"add element ip t leads { 10 . 6380 : 10.0.0.1 . 17003 }",
		"add element ip t demoted { 6380 . 10.0.0.1 . 17002, 6380 . 10.0.0.1 . 17003 }",
		"delete element ip t demoted { 6380 . 10.0.0.1 . 17002, 6380 . 10.0.0.1 . 17003 }",
		"add element ip t demoted { 6380 . 10.0.0.1 . 17002 timeout 15s }",
	]);
	// An earlier agent may have led the primary endpoint to any of the three.
	const routes = [route([server("a", HERE), server("bb", HERE), server("c", "10.0.0.2")])];
	const former = everyLead(routes, viewOf({}));
	expect(former).toEqual(new Map([6379, 6380].map((port) => [port, at(17_001, 17_002)])));
	expect(refuseFormer("t", former, new Map([[6379, at(17_001)]])).at(-1)).toBe(
		"add element ip t demoted { 6379 . 10.0.0.1 . 17002 timeout 15s, 6380 . 10.0.0.1 . 17001 timeout 15s, 6380 . 10.0.0.1 . 17002 timeout 15s }",
	);
	// Whoever is connected to the demoted primary is cut off; the new one's own clients aren't any more.
	expect(cutOff("t", new Map([[6379, at(17_001, 17_003)]]), new Map([[6379, at(17_002)]]))).toEqual(
		[
			"add element ip t cut { 6379 . 10.0.0.1 . 17001, 6379 . 10.0.0.1 . 17003, 6379 . 10.0.0.1 . 17002 }",
			"delete element ip t cut { 6379 . 10.0.0.1 . 17001, 6379 . 10.0.0.1 . 17003, 6379 . 10.0.0.1 . 17002 }",
			"add element ip t cut { 6379 . 10.0.0.1 . 17001 timeout 15s, 6379 . 10.0.0.1 . 17003 timeout 15s }",
		],
	);
	expect(cutOff("t", new Map(), after)).toEqual([]);
	expect(kernelTableName("/a", "gateway")).toMatch(/^larder_[0-9a-f]{16}$/);
	const others = [kernelTableName("/b", "gateway"), kernelTableName("/a", "cluster-bus")];
	expect(others).not.toContain(kernelTableName("/a", "gateway"));
});

test("connections are read from conntrack's list with the client as the engine sees it", () => {
	const text = `ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.9 dst=10.0.0.1 sport=43828 dport=6379 src=10.0.0.1 dst=10.0.0.9 sport=17001 dport=40000 [ASSURED] mark=0 use=1
tcp      6 58 SYN_SENT src=10.0.0.9 dst=10.0.0.1 sport=5 dport=6379 [UNREPLIED] src=10.0.0.1 dst=10.0.0.9 sport=17001 dport=5 mark=0 use=1
tcp      6 3 CLOSE_WAIT src=10.0.0.9 dst=10.0.0.1 sport=6 dport=6379 src=10.0.0.1 dst=10.0.0.9 sport=17001 dport=6 [ASSURED] mark=0 use=1
tcp      6 119 TIME_WAIT src=10.0.0.9 dst=10.0.0.1 sport=7 dport=6379 src=10.0.0.1 dst=10.0.0.9 sport=17001 dport=7 [ASSURED] mark=0 use=1
tcp      6 9 CLOSE src=10.0.0.9 dst=10.0.0.1 sport=8 dport=6379 src=10.0.0.1 dst=10.0.0.9 sport=17001 dport=8 [ASSURED] mark=0 use=1
conntrack v1.4.7 (conntrack-tools): 5 flow entries have been shown.`;
	const endpoint = { host: HERE, port: 6379 };
	const engine = { host: HERE, port: 17_001 };
	expect(parseConnections(text)).toEqual([
		{ endpoint, engine, client: { host: "10.0.0.9", port: 40_000 }, ended: false },
		{ endpoint, engine, client: { host: "10.0.0.9", port: 5 }, ended: false },
		{ endpoint, engine, client: { host: "10.0.0.9", port: 6 }, ended: false },
		{ endpoint, engine, client: { host: "10.0.0.9", port: 7 }, ended: true },
		{ endpoint, engine, client: { host: "10.0.0.9", port: 8 }, ended: true },
	]);
});

test("ports are taken by programs that listen on the address or on all addresses", () => {
	const text = `  sl  local_address rem_address   st tx_queue rx_queue
   0: 0100000A:18EB 00000000:0000 0A 00000000:00000000
   1: 0200000A:18EC 00000000:0000 0A 00000000:00000000
   2: 00000000:18ED 00000000:0000 0A 00000000:00000000
   3: 0100000A:18EE 0900000A:1000 01 00000000:00000000
   4: 00000000000000000000000000000000:18EF 00000000000000000000000000000000:0000 0A 0`;
	expect([...parseListeningPorts(text, HERE)]).toEqual([6379, 6381, 6383]);
});

test("a gateway leads to addresses of its own kind on this machine", () => {
	const at = (host: string) => server("a", host);
	const loopback = new LocalAddresses("127.0.0.1", "127.0.0.1");
	expect(loopback.locate(at("127.0.0.3"))?.host).toBe("127.0.0.3");
	expect(loopback.locate(at("192.0.2.1"))).toBeNull();
	const named = new LocalAddresses("192.0.2.1", "cache-1.example");
	expect(named.locate(at("cache-1.example"))?.host).toBe("192.0.2.1");
	expect(named.locate(at("cache-2.example"))).toBeNull();
	expect(named.locate(at("127.0.0.1"))).toBeNull();
});
