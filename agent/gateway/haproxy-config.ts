import { BUSY_TIMING } from "../../server/contract/limits.ts";
import type { Route } from "../../server/contract/routes.ts";
import {
	clusterCheck,
	httpCheck,
	memcachedCheck,
	primaryCheck,
	replicaCheck,
} from "./health-checks.ts";

export type EndpointKind = keyof Route["ports"];

/** Name of a backend in HAProxy's configuration, its answers and the map of leaders. */
export function backendName(kind: EndpointKind, cacheId: string): string {
	return `${kind}_${cacheId}`;
}

export interface HaproxyConfigInput {
	/** In a stable order, checked by planRoutes. */
	readonly routes: readonly Route[];
	readonly bindAddress: string;
	readonly threads: number;
	readonly maxConnections: number;
	/** Before 3.1, HAProxy can't be told the initial state of servers: they start as usable. */
	readonly knowsInitState: boolean;
	readonly statsSocket: string;
	readonly idleSocket: string;
	readonly leadersMap: string;
	discoverySocket(port: number): string;
	/** Where clients wait while their cache sleeps. */
	wakeSocket(port: number): string;
	/** Whether the running HAProxy uses the server, so that its successor needn't find out while clients connect. */
	isUsable(backend: string, server: string): boolean;
}

/**
 * HAProxy's whole configuration.
 *
 * It doesn't decide which node is primary: checks ask every engine for its role, and the map, which can be
 * changed at run time, says which one to prefer if two claim it. So a promotion needs no reload. `leads` only
 * sets how eagerly a server is checked.
 */
export function renderHaproxyConfig(input: HaproxyConfigInput): string {
	const sections = [
		head(input),
		idle(input),
		...input.routes.flatMap((route) => renderRoute(route, input)),
	];
	return `${sections.join("\n\n")}\n`;
}

/** What a reload would change: the configuration without anything that is only known or set at run time. */
export function reloadKey(input: Omit<HaproxyConfigInput, "isUsable">): string {
	const routes = input.routes.map((route) => ({
		...route,
		servers: route.servers.map((server) => ({ ...server, leads: false })),
	}));
	return renderHaproxyConfig({ ...input, routes, isUsable: () => false });
}

/** The server that should lead a backend of primaries, and its other servers. */
export interface BackendLeader {
	readonly nodeId: string;
	readonly others: readonly string[];
}

/** The preferred server in each backend of primaries. */
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
 * No timeout ends a client's connection early: a client that waits for messages may be silent for 24 days,
 * the longest that HAProxy can count. Keep-alive finds connections whose other end is gone (see
 * `keepalive`). `timeout check` is as long as engines may be busy (BUSY_TIMING): refused connections and
 * wrong answers count at once, silence doesn't. If another node becomes primary meanwhile, the agent
 * notices (contested-leads.ts).
 *
 * HAProxy doesn't retry a connection that an engine refuses: it would hold the client for a second before
 * each new attempt. The client sees its connection closed within a millisecond, and its own next attempt
 * finds the node that serves now.
 */
function head(input: HaproxyConfigInput): string {
	return section("global", [
		`nbthread ${input.threads}`,
		`maxconn ${input.maxConnections}`,
		// Another program that shares ports the same way must not get half of the clients.
		"noreuseport",
		// The agent ends old workers by their remaining connections, not by their age.
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
		`timeout check ${BUSY_TIMING.defaultSeconds}s`,
		"retries 0",
	]);
}

/** HAProxy refuses to run without a listener, and this one exists even if there is no route. */
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

/** What happens when an engine refuses a client. With `fastinter` the next check runs after that interval. */
function onRefusal(action: "fastinter" | "mark-down"): string {
	return `fastinter 10ms observe layer4 error-limit 1 on-error ${action}`;
}

function renderPrimary(route: Route, port: number, input: HaproxyConfigInput): string[] {
	const name = backendName("primary", route.cacheId);
	return [
		section(`frontend in_${name}`, [
			bind(port, input),
			...keepalive("cli", route),
			...waitIfAsleep("primary", route, [name]),
			`default_backend ${name}`,
		]),
		...waitingRoom("primary", route, port, input),
		section(`backend ${name}`, [
			"balance first",
			...keepalive("srv", route),
			// One serving server needs no choice. Among several the map decides, even while the chosen one is occupied.
			`use-server %[str(${name}),map(${input.leadersMap})] if !{ nbsrv(${name}) eq 1 }`,
			...primaryCheck(route.check),
			// Clients of a server that is no longer primary would only get errors there, so they are
			// disconnected. For that reason a refused client only brings the next check forward: one refusal must
			// not cut off all other clients.
			`default-server inter 1s ${onRefusal("fastinter")} rise 1 fall 1 on-marked-down shutdown-sessions`,
			...route.servers.map((server) => {
				const downInterval = server.leads && route.wakes !== true ? "100ms" : "1s";
				return `${serverLine(name, server, input)} check downinter ${downInterval}`;
			}),
		]),
	];
}

/**
 * New and leaving nodes take no reads. Arriving ones are there all the same if they start as unusable: otherwise
 * readers would have to wait for a reload once the node is in sync.
 */
function readable({ servers }: Route, withArriving = false): Route["servers"] {
	return servers.filter(
		({ reads, arrives }) => reads !== false || (withArriving && arrives === true),
	);
}

function renderReader(route: Route, port: number, input: HaproxyConfigInput): string[] {
	const name = backendName("reader", route.cacheId);
	const primary = backendName("primary", route.cacheId);
	const fallback =
		route.ports.primary === null ? [] : [`use_backend ${primary} if { nbsrv(${name}) eq 0 }`];
	return [
		section(`frontend in_${name}`, [
			bind(port, input),
			...keepalive("cli", route),
			...waitIfAsleep("reader", route, route.ports.primary === null ? [name] : [name, primary]),
			...fallback,
			`default_backend ${name}`,
		]),
		...waitingRoom("reader", route, port, input),
		section(`backend ${name}`, [
			"balance leastconn",
			...keepalive("srv", route),
			...replicaCheck(route.check),
			// Clients of a replica that is taken out stay; new ones must not try a dead one, which has the fewest
			// connections.
			`default-server inter 2s ${onRefusal("mark-down")} rise 1 fall 1`,
			...readable(route, input.knowsInitState).map((server) => {
				// The primary isn't a replica: it is checked anyway, in case it becomes one.
				const downInterval = server.leads || route.wakes === true ? "1s" : "100ms";
				return `${serverLine(name, server, input)} check downinter ${downInterval}`;
			}),
		]),
	];
}

function renderConfiguration(route: Route, port: number, input: HaproxyConfigInput): string[] {
	const name = backendName("configuration", route.cacheId);
	const discovery = `discovery_${route.cacheId}`;
	const nodes = section(`backend ${name}`, [
		"balance leastconn",
		...keepalive("srv", route),
		...checkOf(route),
		...onlyPrimary(route).map(({ nodeId }) => `use-server ${nodeId} if { srv_is_up(${nodeId}) }`),
		`default-server inter 1s ${onRefusal("mark-down")} downinter ${route.wakes === true ? "1s" : "100ms"} rise 1 fall 1`,
		// If all are occupied, clients should hear it from one of them rather than be refused.
		...readable(route).map(
			({ nodeId }) => `use-server ${nodeId} if { nbsrv(${name}) eq 0 } { srv_is_up(${nodeId}) }`,
		),
		...readable(route).map((server) => `${serverLine(name, server, input)} check`),
	]);
	if (route.discovery === null) {
		return [
			section(`frontend in_${name}`, [
				bind(port, input),
				...keepalive("cli", route),
				...waitIfAsleep("configuration", route, [name]),
				`default_backend ${name}`,
			]),
			...waitingRoom("configuration", route, port, input),
			nodes,
		];
	}
	return [
		section(`frontend in_${name}`, [
			bind(port, input),
			...keepalive("cli", route),
			...firstCommandRules(discovery),
			`default_backend ${name}`,
		]),
		nodes,
		section(`backend ${discovery}`, [
			// Without an agent the connection fails at once, and is then led to a node without a delay.
			"option redispatch",
			"retries 3",
			// While no agent runs, a node still serves clients that open with `version` or `stats`.
			`server agent unix@${input.discoverySocket(port)} check inter 2s downinter 500ms rise 1 fall 1 observe layer4 error-limit 1 on-error mark-down`,
			...readable(route).map(
				({ nodeId, host, port: nodePort }) =>
					`server ${nodeId} ${host}:${nodePort} init-addr last,libc,none backup track ${name}/${nodeId}`,
			),
		]),
	];
}

/**
 * An accelerator's clients speak HTTP, and any instance will do: while one can't be reached, they are led to another at
 * once.
 */
function checkOf(route: Route): string[] {
	if (route.http === true) return ["option redispatch 1", "retries 2", ...httpCheck()];
	return route.engine === "memcached" ? memcachedCheck() : clusterCheck(route.check);
}

/**
 * The primary of a cluster with one shard: there, clients that don't know clusters need not be redirected, which they
 * couldn't follow. After a failover they are led to the former one until the next reload, which isn't worth one of its own.
 */
export function onlyPrimary({ engine, servers }: Route): Route["servers"] {
	const leaders = engine === "memcached" ? [] : servers.filter(({ leads }) => leads);
	return leaders.length === 1 ? leaders : [];
}

/** Clients of a cache that may sleep wait at the agent while none of these backends has a node. */
function waitIfAsleep(kind: EndpointKind, route: Route, backends: readonly string[]): string[] {
	if (route.wakes !== true) return [];
	const empty = backends.map((backend) => `{ nbsrv(${backend}) eq 0 }`).join(" ");
	return [`use_backend wake_${backendName(kind, route.cacheId)} if ${empty}`];
}

/** Without an agent the connection fails at once, as it would without this. */
function waitingRoom(
	kind: EndpointKind,
	route: Route,
	port: number,
	input: HaproxyConfigInput,
): string[] {
	if (route.wakes !== true) return [];
	return [
		section(`backend wake_${backendName(kind, route.cacheId)}`, [
			`server agent unix@${input.wakeSocket(port)}`,
		]),
	];
}

/**
 * The first command of a connection decides: clients that look for nodes open with one of these (Dalli with
 * `stats`, Python's, PHP's and .NET's with `version`), and the agent serves them, whatever they send later.
 * All others go straight to a node. A client that starts with data and later asks for the cluster on the same
 * connection gets the node's ERROR: no known client does that, and catching it would send every byte through
 * the agent.
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
		// A client that has only connected so far needs no node yet: one is chosen when it speaks.
		"tcp-request inspect-delay 24d",
		String.raw`tcp-request content accept if { req.len ge 32 } || { req.payload(0,0) -m reg '\n' } || { req.payload(0,1) -m bin 80 }`,
		`use_backend ${discovery} if { req.payload(0,0) -m beg ${openings.map((each) => `'${each}'`).join(" ")} }`,
	];
}

/** The kernel's maximum. */
const KEEPALIVE_SECONDS_MAX = 32_767;
const KEEPALIVE_PROBES = 3;

/**
 * When to probe the other end of a silent connection, and when to give it up, like the engines' own
 * `tcp-keepalive`: a vanished peer is found in twice the time, and address translators in between don't
 * forget quiet connections.
 */
function keepalive(side: "cli" | "srv", { tcpKeepaliveSeconds }: Route): string[] {
	if (tcpKeepaliveSeconds === 0) return [];
	const idle = Math.min(tcpKeepaliveSeconds, KEEPALIVE_SECONDS_MAX);
	const every = Math.max(1, Math.floor(idle / KEEPALIVE_PROBES));
	return [
		`option ${side}tcpka`,
		`${side}tcpka-idle ${idle}s`,
		`${side}tcpka-intvl ${every}s`,
		`${side}tcpka-cnt ${KEEPALIVE_PROBES}`,
	];
}

function bind(port: number, input: HaproxyConfigInput): string {
	return `bind ${input.bindAddress}:${port}`;
}

/** A name that can't be resolved now disables only its own server, not the whole configuration. */
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
