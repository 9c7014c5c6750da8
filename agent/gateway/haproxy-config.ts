import type { Route } from "../../server/contract/agent.ts";
import { clusterCheck, memcachedCheck, primaryCheck, replicaCheck } from "./health-checks.ts";

export type EndpointKind = keyof Route["ports"];

/** Name of a backend in HAProxy's configuration, its answers and the map of leaders. */
export function backendName(kind: EndpointKind, cacheId: string): string {
	return `${kind}_${cacheId}`;
}

export interface HaproxyConfigInput {
	/** In an order that stays the same, checked by planRoutes. */
	readonly routes: readonly Route[];
	readonly bindAddress: string;
	readonly threads: number;
	readonly maxConnections: number;
	/** HAProxy before 3.1 can't be told how servers begin: they begin as usable there. */
	readonly knowsInitState: boolean;
	readonly statsSocket: string;
	readonly idleSocket: string;
	readonly leadersMap: string;
	discoverySocket(port: number): string;
	/** What the running HAProxy knows, so that its successor needn't find out while clients come. */
	isUsable(backend: string, server: string): boolean;
}

/**
 * HAProxy's whole configuration.
 *
 * Who leads isn't decided here: checks ask every engine for its role, and the map, which can be changed at run time,
 * says whom to prefer where two claim it. So a promotion needs no reload. `leads` only sets how eagerly a server is
 * asked.
 */
export function renderHaproxyConfig(input: HaproxyConfigInput): string {
	const sections = [
		head(input),
		idle(input),
		...input.routes.flatMap((route) => renderRoute(route, input)),
	];
	return `${sections.join("\n\n")}\n`;
}

/** What a reload would bring: the configuration without what is only known or told at run time. */
export function reloadKey(input: Omit<HaproxyConfigInput, "isUsable">): string {
	const routes = input.routes.map((route) => ({
		...route,
		servers: route.servers.map((server) => ({ ...server, leads: false })),
	}));
	return renderHaproxyConfig({ ...input, routes, isUsable: () => false });
}

/** Who is to lead a backend of primaries, and its other servers. */
export interface BackendLeader {
	readonly nodeId: string;
	readonly others: readonly string[];
}

/** Whom to prefer in each backend of primaries. */
export function leadersOf(routes: readonly Route[]): Map<string, BackendLeader> {
	const leaders = new Map<string, BackendLeader>();
	for (const { cacheId, ports, servers } of routes) {
		const leader = servers.find((server) => server.leads);
		if (ports.primary === null || leader === undefined) continue;
		leaders.set(backendName("primary", cacheId), {
			nodeId: leader.nodeId,
			others: servers.filter((server) => server !== leader).map(({ nodeId }) => nodeId),
		});
	}
	return leaders;
}

/**
 * No timeout ends a client's connection: one that waits for messages may be silent for days (the longest that HAProxy
 * can count). Keep-alive finds those whose other end is gone. `timeout check` is long because an engine that is busy
 * for a second isn't down: refused connections and wrong answers count at once, silence doesn't.
 *
 * A connection that an engine refuses isn't tried again: HAProxy would hold the client for a second before each new
 * attempt. The client sees its connection closed within a millisecond, and its own next attempt finds who serves now.
 */
function head(input: HaproxyConfigInput): string {
	return section("global", [
		`nbthread ${input.threads}`,
		`maxconn ${input.maxConnections}`,
		// Another program that shares ports the same way must not get half of the clients.
		"noreuseport",
		// The agent ends old workers, by what they still do rather than by their age.
		"mworker-max-reloads 1000000",
		// Otherwise a new worker spreads its first checks over their interval, and new endpoints wait for it.
		"max-spread-checks 50",
		"spread-checks 5",
		`stats socket unix@${input.statsSocket} mode 600 level admin expose-fd listeners`,
		"",
		"defaults",
		"mode tcp",
		"timeout connect 2s",
		"timeout client 24d",
		"timeout server 24d",
		"timeout client-fin 60s",
		"timeout server-fin 60s",
		"timeout queue 2s",
		"timeout check 5s",
		"option clitcpka",
		"option srvtcpka",
		"retries 0",
	]);
}

/** HAProxy refuses to run for nothing: it listens here while there is no route. */
function idle(input: HaproxyConfigInput): string {
	return section("listen idle", [`bind unix@${input.idleSocket} mode 600`]);
}

function renderRoute(route: Route, input: HaproxyConfigInput): string[] {
	const { primary, reader, configuration } = route.ports;
	return [
		...(primary === null ? [] : renderPrimary(route, primary, input)),
		...(reader === null ? [] : renderReader(route, reader, input)),
		...(configuration === null ? [] : renderConfiguration(route, configuration, input)),
	];
}

/** What follows when an engine refuses a client. With `fastinter` the next check comes as soon as that says. */
function onRefusal(action: "fastinter" | "mark-down"): string {
	return `fastinter 10ms observe layer4 error-limit 1 on-error ${action}`;
}

function renderPrimary(route: Route, port: number, input: HaproxyConfigInput): string[] {
	const name = backendName("primary", route.cacheId);
	return [
		section(`frontend in_${name}`, [bind(port, input), `default_backend ${name}`]),
		section(`backend ${name}`, [
			"balance first",
			`use-server %[str(${name}),map(${input.leadersMap})] if TRUE`,
			...primaryCheck(route.check),
			// Whoever is connected to a primary that no longer is one would only get errors there. For that reason a
			// refused client only brings the next check forward: by itself it must not cut all others off.
			`default-server inter 1s ${onRefusal("fastinter")} rise 1 fall 1 on-marked-down shutdown-sessions`,
			...route.servers.map((server) => {
				const downInterval = server.leads ? "100ms" : "1s";
				return `${serverLine(name, server, input)} check downinter ${downInterval}`;
			}),
		]),
	];
}

function renderReader(route: Route, port: number, input: HaproxyConfigInput): string[] {
	const name = backendName("reader", route.cacheId);
	const primary = backendName("primary", route.cacheId);
	const fallback =
		route.ports.primary === null ? [] : [`use_backend ${primary} if { nbsrv(${name}) eq 0 }`];
	return [
		section(`frontend in_${name}`, [bind(port, input), ...fallback, `default_backend ${name}`]),
		section(`backend ${name}`, [
			"balance leastconn",
			...replicaCheck(route.check),
			// Clients of a replica that is taken out stay; new ones must not try a dead one, which has the fewest.
			`default-server inter 2s ${onRefusal("mark-down")} rise 1 fall 1`,
			...route.servers.map((server) => {
				// The leader is no replica: it is asked all the same, in case it becomes one.
				const downInterval = server.leads ? "1s" : "100ms";
				return `${serverLine(name, server, input)} check downinter ${downInterval}`;
			}),
		]),
	];
}

function renderConfiguration(route: Route, port: number, input: HaproxyConfigInput): string[] {
	const name = backendName("configuration", route.cacheId);
	const memcached = route.engine === "memcached";
	const discovery = `discovery_${route.cacheId}`;
	const nodes = section(`backend ${name}`, [
		"balance leastconn",
		...(memcached ? memcachedCheck() : clusterCheck(route.check)),
		`default-server inter 1s ${onRefusal("mark-down")} downinter 100ms rise 1 fall 1`,
		...route.servers.map((server) => `${serverLine(name, server, input)} check`),
	]);
	if (!memcached) {
		return [section(`frontend in_${name}`, [bind(port, input), `default_backend ${name}`]), nodes];
	}
	return [
		section(`frontend in_${name}`, [
			bind(port, input),
			...firstCommandRules(discovery),
			`default_backend ${name}`,
		]),
		nodes,
		section(`backend ${discovery}`, [
			// Without an agent the connection fails on the spot, and is then led to a node without a wait.
			"option redispatch",
			"retries 3",
			// While no agent runs, whoever opens with `version` or `stats` is served by a node all the same.
			`server agent unix@${input.discoverySocket(port)} check inter 2s downinter 500ms rise 1 fall 1 observe layer4 error-limit 1 on-error mark-down`,
			...route.servers.map(
				({ nodeId, host, port: nodePort }) =>
					`server ${nodeId} ${host}:${nodePort} init-addr last,libc,none backup track ${name}/${nodeId}`,
			),
		]),
	];
}

/**
 * The first command of a connection decides: clients that look for nodes open with one of these (Dalli with `stats`,
 * Python's, PHP's and .NET's with `version`), and the agent serves them, whatever they send later. All others go to a
 * node at once. A client that begins with data and asks for the cluster later on the same connection gets the node's
 * ERROR: no known client does that, and to catch it every byte would have to pass through the agent.
 */
function firstCommandRules(discovery: string): string[] {
	const openings = [
		"config ",
		"version",
		"stats",
		"get AmazonElastiCache:",
		"gets AmazonElastiCache:",
	];
	return [
		// A client that has only connected so far is no trouble to anyone: a node is chosen when it speaks.
		"tcp-request inspect-delay 24d",
		String.raw`tcp-request content accept if { req.len ge 32 } || { req.payload(0,0) -m reg '\n' } || { req.payload(0,1) -m bin 80 }`,
		`use_backend ${discovery} if { req.payload(0,0) -m beg ${openings.map((each) => `'${each}'`).join(" ")} }`,
	];
}

function bind(port: number, input: HaproxyConfigInput): string {
	return `bind ${input.bindAddress}:${port}`;
}

/** A name that can't be resolved now costs its own server only, not the whole configuration. */
function serverLine(
	backend: string,
	server: Route["servers"][number],
	input: HaproxyConfigInput,
): string {
	const { nodeId, host, port } = server;
	const state = input.isUsable(backend, nodeId) ? "fully-up" : "fully-down";
	const initState = input.knowsInitState ? ` init-state ${state}` : "";
	return `server ${nodeId} ${host}:${port} init-addr last,libc,none${initState}`;
}

function section(title: string, lines: readonly string[]): string {
	return [title, ...lines.map((line) => (/^(|defaults)$/.test(line) ? line : `\t${line}`))].join(
		"\n",
	);
}
