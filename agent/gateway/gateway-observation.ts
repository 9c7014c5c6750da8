import type { GatewayObservation } from "../../server/contract/host-report.ts";
import type { Route, RouteTable } from "../../server/contract/routes.ts";
import { backendName } from "./haproxy-config.ts";
import type { ServerStates } from "./haproxy-socket.ts";
import type { RoutePlan } from "./route-plan.ts";

type RouteObservation = GatewayObservation["routes"][number];

/**
 * The state of each route in the table: ready if the kernel leads to its engines, or according to HAProxy's view
 * of its servers once HAProxy serves the route.
 */
export function observeRoutes(options: {
	table: RouteTable;
	plan: RoutePlan;
	states: ServerStates;
	/** Routes that HAProxy serves, by cache id. */
	inForce: ReadonlyMap<string, Route>;
	kernelLeads: (route: Route) => boolean;
	/** Why the newest configuration isn't in effect; null if it is. */
	failure: string | null;
}): RouteObservation[] {
	const { table, plan, states, inForce, kernelLeads, failure } = options;
	return table.routes.map((route) => {
		const { cacheId } = route;
		const problem = plan.problems.get(cacheId);
		if (problem !== undefined) return { cacheId, ready: false, problem };
		const isInForce = isSameRoute(route, inForce.get(cacheId));
		// An endpoint of a cache that sleeps leads where clients wait.
		const isOpen = route.asleep === true || isReady(route, states);
		const ready = kernelLeads(route) || (isInForce && isOpen);
		const failed = !ready && failure !== null;
		const notInForce = failed ? { code: "failed" as const, message: failure, port: null } : null;
		return { cacheId, ready, problem: notInForce };
	});
}

/**
 * Each endpoint leads to an engine, the reader's to a replica if there is one. An occupied engine counts
 * too.
 */
function isReady({ cacheId, ports, servers }: Route, states: ServerStates): boolean {
	const leads = (kind: keyof Route["ports"]) => {
		const backend = backendName(kind, cacheId);
		if (states.usableIn.has(backend)) return true;
		const occupied = servers.filter(({ nodeId }) => states.occupied.has(`${backend}/${nodeId}`));
		return kind === "primary" ? occupied.some((server) => server.leads) : occupied.length > 0;
	};
	const hasReplicas = servers.some((server) => !server.leads && server.reads !== false);
	return (
		(ports.primary === null || leads("primary")) &&
		(ports.reader === null || leads(hasReplicas ? "reader" : "primary")) &&
		(ports.configuration === null || leads("configuration"))
	);
}

/** Whether both routes need the same configuration: a new leader alone doesn't change it. */
export function isSameRoute(route: Route, other: Route | undefined): boolean {
	if (route === other) return true;
	const key = ({ servers, ...rest }: Route) =>
		JSON.stringify({ ...rest, servers: servers.map((server) => ({ ...server, leads: null })) });
	return other !== undefined && key(route) === key(other);
}
