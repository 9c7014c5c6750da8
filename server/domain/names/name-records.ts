import { type DnsName, NAME_ADDRESSES_MAX, readerName } from "../../contract/names.ts";
import type { Route } from "../../contract/routes.ts";

/** Resolvers ask another server of the zone when one is silent; more than a few don't make it safer. */
const SERVERS_MAX = 5;

export interface NamedHost {
	readonly id: string;
	readonly zone: string;
	readonly address: string;
	readonly lost: boolean;
}

export interface NamedCache {
	readonly name: string;
	readonly ports: Route["ports"];
	/** Ids of the hosts whose gateways serve it, the preferred first. */
	readonly servedBy: readonly string[];
	readonly nodes: readonly {
		readonly name: string;
		readonly port: number;
		readonly hostId: string;
		readonly leads: boolean;
		/** It is about to take another node's place, and serves no client yet unless it leads. */
		readonly arriving: boolean;
	}[];
}

/**
 * All names of the zone. If two caches claim one, such as the reader of `orders` and a cache called `orders-ro`, the
 * cache's own name takes precedence over a reader's, and a reader's over a node's.
 */
export function nameRecords(
	caches: Iterable<NamedCache>,
	hosts: readonly NamedHost[],
): Map<string, DnsName> {
	const byId = new Map(hosts.map((host) => [host.id, host]));
	const nodes: DnsName[] = [];
	const readers: DnsName[] = [];
	const entries: DnsName[] = [];
	for (const cache of caches) {
		const addresses = gatewaysOf(cache, byId);
		const { primary, reader, configuration } = cache.ports;
		const [kind, port] =
			primary === null
				? (["configuration", configuration] as const)
				: (["primary", primary] as const);
		entries.push({ name: cache.name, kind, port, addresses });
		if (reader !== null) {
			readers.push({ name: readerName(cache.name), kind: "reader", port: reader, addresses });
		}
		// While a node moves, two processes have its name: the later entry counts.
		for (const { name, port, hostId } of cache.nodes.toSorted((a, b) => rankOf(a) - rankOf(b))) {
			const host = byId.get(hostId);
			if (host !== undefined) nodes.push({ name, kind: "node", port, addresses: [host.address] });
		}
	}
	const all = [...nodes, ...readers, ...entries, ...zoneServers(hosts)];
	return new Map(all.map((record) => [record.name, record]));
}

/** As people see nodes (visibleNodes): of the two processes of a name the primary counts, otherwise the old one. */
function rankOf({ leads, arriving }: NamedCache["nodes"][number]): number {
	return leads ? 2 : arriving ? 0 : 1;
}

/** The primary's own host, the cache's other hosts, and then others that serve it. */
function gatewaysOf(
	{ nodes, servedBy }: NamedCache,
	hosts: ReadonlyMap<string, NamedHost>,
): string[] {
	const own = nodes
		.toSorted((a, b) => Number(b.leads) - Number(a.leads))
		.map(({ hostId }) => hostId);
	const addresses = [...own, ...servedBy]
		.flatMap((id) => hosts.get(id) ?? [])
		.filter((host) => !host.lost)
		.map((host) => host.address);
	return [...new Set(addresses)].slice(0, NAME_ADDRESSES_MAX);
}

/**
 * The zone's own servers: one of each failure zone in turn, always the same while the hosts stay. Their names contain
 * a dot, which no cache's name does.
 */
function zoneServers(hosts: readonly NamedHost[]): DnsName[] {
	const seen = new Map<string, number>();
	const ranked = hosts
		.filter((host) => !host.lost)
		.sort((a, b) => (a.id < b.id ? -1 : 1))
		.map((host) => {
			const turn = seen.get(host.zone) ?? 0;
			seen.set(host.zone, turn + 1);
			return { address: host.address, turn };
		})
		.sort((a, b) => a.turn - b.turn);
	const addresses = [...new Set(ranked.map(({ address }) => address))].slice(0, SERVERS_MAX);
	return addresses.map((address, index) => {
		return { name: `${index + 1}.ns`, kind: "server", port: null, addresses: [address] };
	});
}
