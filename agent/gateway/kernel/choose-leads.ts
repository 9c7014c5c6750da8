import type { Route } from "../../../server/contract/routes.ts";
import { onlyPrimary } from "../haproxy-config.ts";
import type { Role } from "./engine-role.ts";
import { type Address, type Leads, SPREAD_MAX } from "./ruleset.ts";

type Server = Route["servers"][number];

export interface LocalView {
	/** The server's address if it is on this machine; null for others. */
	here(server: Server): Address | null;
	roleOf(server: Server): Role;
}

/**
 * Where the kernel leads: only to engines that themselves report the right role, and only to engines of this machine.
 * To another host, a connection would need forwarding and masquerading, which are up to the machine's administrator.
 * HAProxy serves all other endpoints, and these too whenever the kernel doesn't.
 */
export function chooseLeads(routes: readonly Route[], view: LocalView): Leads {
	const leads = new Map<number, readonly Address[]>();
	for (const route of routes) {
		const { primary, reader, configuration } = route.ports;
		const leader = primaryOf(route, view);
		const toPrimary = leader === null ? [] : localServers([leader], "primary", view);
		set(primary, toPrimary);
		set(reader, readersOf(route, view) ?? toPrimary);
		// HAProxy must read the first command of a Memcached client.
		if (route.engine !== "memcached") {
			const one = localServers(onlyPrimary(route), "member", view);
			set(configuration, one.length > 0 ? one : localServers(route.servers, "member", view));
		}
	}
	return leads;

	function set(port: number | null, to: readonly Address[]): void {
		if (port !== null && to.length > 0) leads.set(port, to.slice(0, SPREAD_MAX));
	}
}

/** Wherever rules for these routes may have led, whatever roles the engines had at the time. */
export function everyLead(routes: readonly Route[], view: LocalView): Leads {
	return new Map(
		routes.flatMap(({ ports, servers }) => {
			const engines = servers.flatMap((server) => view.here(server) ?? []);
			return Object.values(ports).flatMap((port) =>
				port === null ? [] : [[port, engines] as const],
			);
		}),
	);
}

/** Whether all endpoints of the route lead to engines, the reader's to a replica if there is one. */
export function isFullyLed({ ports, servers }: Route, leads: Leads, view: LocalView): boolean {
	const led = Object.values(ports).filter((port) => port !== null);
	if (!led.every((port) => leads.has(port))) return false;
	const replicas = servers.filter((server) => !server.leads);
	if (ports.reader === null || replicas.length === 0) return true;
	const toReaders = leads.get(ports.reader) ?? [];
	return replicas.some((server) => {
		const address = view.here(server);
		return toReaders.some(({ host, port }) => host === address?.host && port === address.port);
	});
}

/** Replicas in sync. Null if there is none, so that clients get the primary. */
function readersOf({ servers }: Route, view: LocalView): readonly Address[] | null {
	const replicas = servers.filter((server) => !server.leads);
	// HAProxy spreads clients over all of them.
	if (replicas.some((server) => view.here(server) === null)) return [];
	const inSync = localServers(replicas, "replica", view);
	return inSync.length === 0 ? null : inSync;
}

function localServers(servers: readonly Server[], role: Role, view: LocalView): Address[] {
	return servers.flatMap((server) => {
		const address = view.here(server);
		return address === null || view.roleOf(server) !== role ? [] : [address];
	});
}

/**
 * The server that the route names, if it says itself that it is primary. If it says that it is a replica, the route
 * is out of date: if all servers are on this machine, the one that says it is primary leads.
 */
function primaryOf({ servers }: Route, view: LocalView): Server | null {
	const named = servers.find((server) => server.leads);
	if (named === undefined) return null;
	const role = view.roleOf(named);
	if (role === "primary") return named;
	if (role !== "replica" || servers.some((server) => view.here(server) === null)) return null;
	const [found, ...others] = servers.filter((server) => view.roleOf(server) === "primary");
	return found !== undefined && others.length === 0 ? found : null;
}

export interface Strays {
	/** Changes whenever they do. */
	readonly key: string;
	readonly endpoint: Address;
	readonly engines: readonly Address[];
}

/**
 * Connections that must not continue: from a primary endpoint to a server that isn't the primary. A named server that
 * doesn't answer keeps its clients.
 */
export function strays(route: Route, gatewayAddress: string, view: LocalView): Strays | null {
	const { ports, servers } = route;
	if (ports.primary === null) return null;
	const primary = primaryOf(route, view);
	const named = servers.find((server) => server.leads && view.roleOf(server) !== "replica");
	const leading = primary ?? named;
	return {
		key: leading?.nodeId ?? "",
		endpoint: { host: gatewayAddress, port: ports.primary },
		engines: servers.flatMap((server) => (server === leading ? [] : (view.here(server) ?? []))),
	};
}
