import { expect, test } from "vitest";
import type { Route } from "../../server/contract/routes.ts";
import { leadersOf, reloadKey, renderHaproxyConfig } from "./haproxy-config.ts";
import { parseOldWorkers, parseReload, parseServerStates } from "./haproxy-socket.ts";
import { planRoutes } from "./route-plan.ts";

const orders: Route = {
	cacheId: "c1",
	cacheName: "orders",
	engine: "valkey",
	ports: { primary: 6379, reader: 6380, configuration: null },
	servers: [
		{ nodeId: "n1", host: "10.0.0.1", port: 7001, leads: true },
		{ nodeId: "n2", host: "10.0.0.2", port: 7001, leads: false },
	],
	check: { username: "larder-gateway", password: 'pass" word' },
	discovery: null,
	sentinel: null,
	tcpKeepaliveSeconds: 300,
};

const host = {
	bindAddress: "10.0.0.9",
	threads: 2,
	maxConnections: 1_000,
	knowsInitState: true,
	statsSocket: "/run/stats.sock",
	idleSocket: "/run/idle.sock",
	leadersMap: "/run/leaders.map",
	discoverySocket: (port: number) => `/run/discovery-${port}.sock`,
	wakeSocket: (port: number) => `/run/wake-${port}.sock`,
};

function render(routes: Route[], isUsable = (_backend: string, _server: string) => false): string {
	return renderHaproxyConfig({ ...host, routes, isUsable });
}

test("a primary and a reader endpoint lead to servers that report the right role", () => {
	const text = render([orders]);
	expect(text).toContain(`frontend in_primary_c1
	bind 10.0.0.9:6379
	option clitcpka
	clitcpka-idle 300s
	clitcpka-intvl 100s
	clitcpka-cnt 3
	default_backend primary_c1

backend primary_c1
	balance first
	option srvtcpka
	srvtcpka-idle 300s
	srvtcpka-intvl 100s
	srvtcpka-cnt 3
	use-server %[str(primary_c1),map(/run/leaders.map)] if !{ nbsrv(primary_c1) eq 1 }
`);
	expect(text).toContain(
		"\tserver n1 10.0.0.1:7001 init-addr last,libc,none init-state fully-down check downinter 100ms\n" +
			"\tserver n2 10.0.0.2:7001 init-addr last,libc,none init-state fully-down check downinter 1s\n",
	);
	expect(text).toContain("\tuse_backend primary_c1 if { nbsrv(reader_c1) eq 0 }\n");
});

test("no reload is due when a new replica is in sync: its check lets readers in", () => {
	const [primary, replica] = orders.servers;
	const withReplica = (added: Partial<Route["servers"][number]>, knowsInitState = true) => {
		const servers = [primary, { ...replica, ...added }] as Route["servers"];
		return reloadKey({ ...host, knowsInitState, routes: [{ ...orders, servers }] });
	};
	const arriving = { reads: false, arrives: true };
	expect(withReplica(arriving)).toBe(withReplica({ reads: true, arrives: false }));
	// This HAProxy would send readers to a replica before its first check.
	expect(withReplica(arriving, false)).toBe(withReplica({ reads: false }, false));
	expect(withReplica(arriving, false)).not.toBe(withReplica({}, false));
});

test("keep-alive is the cache's own on both sides, within the kernel's limits, and may be off", () => {
	const timesOf = (tcpKeepaliveSeconds: number) => {
		const text = render([{ ...orders, tcpKeepaliveSeconds }]);
		return [...new Set(text.match(/tcpka-(?:idle|intvl) \w+/g))];
	};
	expect(timesOf(60)).toEqual(["tcpka-idle 60s", "tcpka-intvl 20s"]);
	expect(timesOf(1)).toEqual(["tcpka-idle 1s", "tcpka-intvl 1s"]);
	expect(timesOf(2 ** 31 - 1)).toEqual(["tcpka-idle 32767s", "tcpka-intvl 10922s"]);
	expect(render([{ ...orders, tcpKeepaliveSeconds: 0 }])).not.toContain("tcpka");
	const sides = render([orders]).match(/option (?:cli|srv)tcpka$/gm);
	expect(sides).toHaveLength(4);
});

test("a refused client doesn't wait, and doesn't cut other clients off from a primary", () => {
	const text = render([orders]);
	expect(text).toContain("\tretries 0\n");
	const primary = text.slice(
		text.indexOf("backend primary_c1"),
		text.indexOf("frontend in_reader"),
	);
	expect(primary).toContain("observe layer4 error-limit 1 on-error fastinter");
	expect(primary).toContain("on-marked-down shutdown-sessions");
	const reader = text.slice(text.indexOf("backend reader_c1"));
	expect(reader).toContain("observe layer4 error-limit 1 on-error mark-down");
	expect(reader).not.toContain("shutdown-sessions");
});

test("the password appears in hex only, as part of what is sent", () => {
	const text = render([orders]);
	expect(text).not.toContain("pass");
	const sent = [...text.matchAll(/send-binary ([0-9a-f]+)$/gm)].map((match) =>
		Buffer.from(match[1] ?? "", "hex").toString(),
	);
	expect(sent[0]).toBe(
		'*3\r\n$4\r\nAUTH\r\n$14\r\nlarder-gateway\r\n$10\r\npass" word\r\n' +
			"*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nROLE\r\n*1\r\n$4\r\nQUIT\r\n",
	);
});

test("the running HAProxy's knowledge goes to its successor, if the successor accepts it", () => {
	const usable = (backend: string, server: string) => `${backend}/${server}` === "primary_c1/n1";
	const text = render([orders], usable);
	expect(text.match(/fully-up/g)).toHaveLength(1);
	expect(text).toContain("server n1 10.0.0.1:7001 init-addr last,libc,none init-state fully-up");
	const older = renderHaproxyConfig({
		...{ ...host, routes: [orders], isUsable: usable, knowsInitState: false },
	});
	expect(older).not.toContain("init-state");
});

test("a promotion needs no reload, a new server does", () => {
	const [first, second] = orders.servers;
	if (first === undefined || second === undefined) throw new Error("two servers");
	const promoted = {
		...orders,
		servers: [
			{ ...first, leads: false },
			{ ...second, leads: true },
		],
	};
	const key = (routes: Route[]) => reloadKey({ ...host, routes });
	expect(key([promoted])).toBe(key([orders]));
	expect([...leadersOf([promoted])]).toEqual([["primary_c1", { nodeId: "n2", others: ["n1"] }]]);
	expect(key([{ ...orders, servers: [first] }])).not.toBe(key([orders]));
});

test("Memcached's configuration endpoint sends discovery to the agent, and all else to nodes", () => {
	const text = render([
		{
			...orders,
			engine: "memcached",
			ports: { primary: null, reader: null, configuration: 11211 },
			check: null,
			discovery: { version: 1, nodes: [] },
		},
	]);
	expect(text).toMatch(/use_backend discovery_c1 if \{ req\.payload\(0,0\) -m beg 'config ' /);
	expect(text).toContain("server agent unix@/run/discovery-11211.sock check");
	expect(text).toContain(
		"server n1 10.0.0.1:7001 init-addr last,libc,none backup track configuration_c1/n1",
	);
});

test("routes that can't be served are left out with their problem", async () => {
	const taken = { ...orders, cacheId: "c2", ports: { ...orders.ports, primary: 1, reader: 2 } };
	const shared = { ...orders, cacheId: "c3" };
	const evil = {
		...orders,
		cacheId: "c4",
		servers: [{ nodeId: "n1\n", host: "10.0.0.1", port: 1, leads: true }],
	};
	const plan = await planRoutes({
		routes: [evil, shared, taken, orders],
		bindAddress: "10.0.0.9",
		heldPorts: new Set([6379, 6380]),
		probe: async (_host, port) => (port === 1 ? { kind: "taken" } : { kind: "free" }),
		refusal: () => null,
	});
	expect(plan.routes.map(({ cacheId }) => cacheId)).toEqual(["c1"]);
	expect(plan.problems.get("c2")).toEqual({
		code: "port-taken",
		message: expect.stringMatching(/^port 1 on 10\.0\.0\.9 is in use by another program; /),
		port: 1,
	});
	expect(plan.problems.get("c3")?.message).toBe(
		"port 6379 is already used by an endpoint of orders",
	);
	expect(plan.problems.get("c4")?.code).toBe("failed");
});

test("HAProxy's answers are understood", () => {
	const states = parseServerStates(
		"1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state\n" +
			"3 primary_c1 1 n1 10.0.0.1 2 0 1\n3 primary_c1 2 n2 10.0.0.2 0 0 1\n4 reader_c1 1 n1 10.0.0.1 2 1 1\n\n",
	);
	expect([...states.backends]).toEqual(["primary_c1", "reader_c1"]);
	expect([...states.usable]).toEqual(["primary_c1/n1"]);
	expect(parseReload("Success=1\n--\n[NOTICE]   (1) : Loading success.\n")).toEqual({
		kind: "done",
	});
	expect(parseReload("Success=0\n--\n[ALERT]    (1) : config : no\n")).toEqual({
		...{ kind: "refused", message: "config : no" },
	});
	const processes = `#<PID>          <type>          <reloads>       <uptime>        <version>
24297           master          2 [failed: 0]   0d00h10m20s     3.2.26-1
# workers
30829           worker          0               0d00h00m00s     3.2.26-1
# old workers
30800           worker          1               0d00h00m10s     3.2.26-1
30700           worker          2               0d00h01m00s     3.2.26-1
`;
	expect(parseOldWorkers(processes)).toEqual([30800, 30700]);
});

test("an accelerator's endpoint leads to any instance that answers, and at once to another if one doesn't", () => {
	const text = render([
		{
			...{ ...orders, cacheId: "a1", http: true, check: null },
			servers: orders.servers.map((server) => ({ ...server, leads: false })),
			ports: { primary: null, reader: null, configuration: 6400 },
		},
	]);
	for (const line of [
		"option redispatch 1",
		"retries 2",
		"option httpchk GET /larder/health",
		"server n1 10.0.0.1:7001",
		"server n2 10.0.0.2:7001",
	]) {
		expect(text).toContain(line);
	}
	expect(text).not.toContain("use-server n1 if { srv_is_up(n1) }");
});
