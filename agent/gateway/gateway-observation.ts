import type { GatewayObservation, Route, RouteTable } from "../../server/contract/agent.ts";
import { backendName } from "./haproxy-config.ts";
import type { ServerStates } from "./haproxy-socket.ts";
import type { RoutePlan } from "./route-plan.ts";

type RouteObservation = GatewayObservation["routes"][number];

/** What each route of the table looks like, by what HAProxy says of its servers. */
export function observeRoutes(options: {
	table: RouteTable;
	plan: RoutePlan;
	states: ServerStates;
	/** Why the newest configuration isn't in force; null when it is. */
	failure: string | null;
}): RouteObservation[] {
	const { table, plan, states, failure } = options;
	return table.routes.map((route) => {
		const { cacheId } = route;
		const problem = plan.problems.get(cacheId);
		if (problem !== undefined) return { cacheId, ready: false, problem };
		const ready = isReady(route, states);
		const failed = !ready && failure !== null;
		return { cacheId, ready, problem: failed ? { code: "failed", message: failure } : null };
	});
}

/** Each endpoint leads to an engine, the reader's to a replica where there is one. */
function isReady({ cacheId, ports, servers }: Route, { usableIn }: ServerStates): boolean {
	const leads = (kind: keyof Route["ports"]) => usableIn.has(backendName(kind, cacheId));
	const hasReplicas = servers.some((server) => !server.leads);
	return (
		(ports.primary === null || leads("primary")) &&
		(ports.reader === null || leads(hasReplicas ? "reader" : "primary")) &&
		(ports.configuration === null || leads("configuration"))
	);
}
