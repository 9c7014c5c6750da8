import type { HostAccelerators } from "../../server/contract/host-accelerators.ts";
import type { Route, RouteTable } from "../../server/contract/routes.ts";

/** How long a silent connection is kept before its other end is probed. */
const KEEPALIVE_SECONDS = 300;

/** The routes of a host with the endpoints of its accelerators, as the gateway serves them. */
export function withAccelerators(
	table: RouteTable,
	accelerators: HostAccelerators | undefined,
): RouteTable {
	if (accelerators === undefined || accelerators.endpoints.length === 0) return table;
	return { ...table, routes: [...table.routes, ...accelerators.endpoints.map(toRoute)] };
}

function toRoute({
	acceleratorId,
	name,
	port,
	servers,
}: HostAccelerators["endpoints"][number]): Route {
	return {
		...{ cacheId: acceleratorId, cacheName: name, engine: "valkey", http: true },
		ports: { primary: null, reader: null, configuration: port },
		servers: servers.map(({ instanceId, host, port: serverPort }) => ({
			...{ nodeId: instanceId, host, port: serverPort, leads: false },
		})),
		...{ tcpKeepaliveSeconds: KEEPALIVE_SECONDS, check: null, discovery: null, sentinel: null },
	};
}
