import type { GatewayObservation } from "../../server/contract/host-report.ts";
import type { Route } from "../../server/contract/routes.ts";
import type { PortState } from "../supervisor/port-probe.ts";

export type RouteProblem = NonNullable<GatewayObservation["routes"][number]["problem"]>;

export interface RoutePlan {
	/** The routes for HAProxy, in the order of cache ids. */
	readonly routes: readonly Route[];
	/** Why other routes are left out, by cache id. */
	readonly problems: ReadonlyMap<string, RouteProblem>;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;
const HOST = /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/;

export function portsOf(route: Route): number[] {
	return Object.values(route.ports).filter((port) => port !== null);
}

/**
 * Decides which routes can be served. Leaves out the others and reports their problems, because HAProxy
 * accepts a configuration whole or not at all. The gateway already holds `heldPorts`; all other ports are
 * probed.
 */
export async function planRoutes(options: {
	routes: readonly Route[];
	bindAddress: string;
	heldPorts: ReadonlySet<number>;
	probe: (host: string, port: number) => Promise<PortState>;
	/** Why HAProxy itself refused a route; null if it didn't. */
	refusal: (route: Route) => string | null;
}): Promise<RoutePlan> {
	const { bindAddress, heldPorts, probe, refusal } = options;
	const routes: Route[] = [];
	const problems = new Map<string, RouteProblem>();
	const ownerOf = new Map<number, string>();
	for (const route of inOrder(options.routes)) {
		const ports = portsOf(route);
		const wrong = whatIsWrong(route) ?? refusal(route) ?? sharedPort(route, ownerOf);
		const problem =
			wrong === null
				? await findTakenPort(ports.filter((port) => !heldPorts.has(port)))
				: { code: "failed" as const, message: wrong, port: null };
		if (problem === null) {
			routes.push(route);
			for (const port of ports) ownerOf.set(port, route.cacheName);
		} else problems.set(route.cacheId, problem);
	}
	return { routes, problems };

	async function findTakenPort(ports: number[]): Promise<RouteProblem | null> {
		for (const port of ports) {
			const state = await probe(bindAddress, port);
			if (state.kind === "taken") {
				const message = `port ${port} on ${bindAddress} is in use by another program; stop that program, and the endpoint opens by itself`;
				return { code: "port-taken", message, port };
			}
			if (state.kind === "impossible") {
				const message = `can't listen on ${bindAddress}:${port} (${state.cause}); check the --address of this host's agent`;
				return { code: "failed", message: message.slice(0, 500), port: null };
			}
		}
		return null;
	}
}

/** Always the same order, whatever the order of the table: the order decides whether a reload is due. */
function inOrder(routes: readonly Route[]): Route[] {
	return routes
		.map((route) => ({
			...route,
			servers: route.servers.toSorted((a, b) => compare(a.nodeId, b.nodeId)),
		}))
		.sort((a, b) => compare(a.cacheId, b.cacheId));
}

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

/** Names become part of HAProxy's configuration, so they must contain nothing with a meaning there. */
function whatIsWrong({ cacheId, servers }: Route): string | null {
	if (!NAME.test(cacheId))
		return `cache id ${JSON.stringify(cacheId)} isn't a valid name for a route in HAProxy`;
	for (const { nodeId, host } of servers) {
		if (!NAME.test(nodeId))
			return `node id ${JSON.stringify(nodeId)} isn't a valid name for a server in HAProxy`;
		if (!HOST.test(host)) return `${JSON.stringify(host)} isn't a host name or IPv4 address`;
	}
	return null;
}

function sharedPort(route: Route, ownerOf: ReadonlyMap<number, string>): string | null {
	const ports = portsOf(route);
	for (const [index, port] of ports.entries()) {
		const owner = ports.indexOf(port) < index ? route.cacheName : ownerOf.get(port);
		if (owner !== undefined) return `port ${port} is already used by an endpoint of ${owner}`;
	}
	return null;
}
