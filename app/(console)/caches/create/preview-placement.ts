export interface PreviewHost {
	id: string;
	name: string;
	zone: string;
	freeMemoryBytes: number;
}

export interface PreviewNode {
	host: PreviewHost;
	role: "primary" | "replica" | "node";
	/** From 0. */
	shard: number;
	/** From 1 within the shard: the primary is 1. Over all nodes for Memcached. */
	member: number;
}

export interface ZoneRoom {
	zone: string;
	/** After this cache. */
	bytes: number;
	nodes: number;
}

export interface Preview {
	nodes: PreviewNode[];
	/** Nodes that found no host with room. */
	missing: number;
	roomLeft: ZoneRoom[];
	/** What is short and where, in a sentence; null when all fits. */
	shortage: string | null;
}

interface PreviewRequest {
	/** Online ones. */
	hosts: readonly PreviewHost[];
	shards: number;
	/** Of each shard; of the whole cache for Memcached. */
	nodesPerShard: number;
	isMemcached: boolean;
	nodeMemoryBytes: number;
	/** That were asked for, in their order; empty for all. */
	zones: readonly string[];
	/** How sizes are written in `shortage`. */
	formatBytes: (bytes: number) => string;
}

class Tally {
	readonly #counts = new Map<string, number>();

	of(key: string): number {
		return this.#counts.get(key) ?? 0;
	}

	add(key: string) {
		this.#counts.set(key, this.of(key) + 1);
	}
}

/**
 * Where the nodes would go if the fleet stays as it is now, by the control plane's own order of wishes: members of
 * a shard keep apart by zone, then by host; primaries of successive shards start at successive zones; the cache's nodes
 * spread over hosts; free memory decides the rest. The control plane makes the real choice when the cache is created.
 */
export function previewPlacement(request: PreviewRequest): Preview {
	const { shards, nodesPerShard, isMemcached, nodeMemoryBytes } = request;
	const allowed = new Set(request.zones);
	const hosts = request.hosts.filter(({ zone }) => allowed.size === 0 || allowed.has(zone));
	const zones = request.zones.length > 0 ? [...allowed] : zonesOf(hosts);
	const onHost = new Tally();
	const inZone = new Tally();
	const nodes: PreviewNode[] = [];
	const leftOn = (host: PreviewHost) => host.freeMemoryBytes - onHost.of(host.id) * nodeMemoryBytes;

	for (let shard = 0; shard < shards; shard += 1) {
		const shardInZone = new Tally();
		const shardOnHost = new Tally();
		for (let member = 0; member < nodesPerShard; member += 1) {
			/** How many zones after the one whose turn it is. */
			const turn = (zone: string) =>
				(zones.indexOf(zone) - ((shard + member) % zones.length) + zones.length) % zones.length;
			const best = firstBy(
				hosts.filter((host) => leftOn(host) >= nodeMemoryBytes),
				(a, b) =>
					shardInZone.of(a.zone) - shardInZone.of(b.zone) ||
					shardOnHost.of(a.id) - shardOnHost.of(b.id) ||
					turn(a.zone) - turn(b.zone) ||
					onHost.of(a.id) - onHost.of(b.id) ||
					b.freeMemoryBytes - a.freeMemoryBytes ||
					a.name.localeCompare(b.name),
			);
			if (best === null) break;
			shardInZone.add(best.zone);
			shardOnHost.add(best.id);
			onHost.add(best.id);
			inZone.add(best.zone);
			const role = isMemcached ? "node" : member === 0 ? "primary" : "replica";
			nodes.push({ host: best, role, shard, member: member + 1 });
		}
	}
	const roomLeft = zonesOf(request.hosts).map((zone) => ({
		zone,
		nodes: inZone.of(zone),
		bytes: request.hosts
			.filter((host) => host.zone === zone)
			.reduce((sum, host) => sum + Math.max(0, leftOn(host)), 0),
	}));
	const missing = shards * nodesPerShard - nodes.length;
	return {
		nodes,
		missing,
		roomLeft,
		shortage: missing === 0 ? null : explainShortage(request, hosts, missing),
	};
}

function zonesOf(hosts: readonly PreviewHost[]): string[] {
	return [...new Set(hosts.map(({ zone }) => zone))].sort();
}

function firstBy<Item>(items: readonly Item[], compare: (a: Item, b: Item) => number): Item | null {
	return items.reduce<Item | null>(
		(best, item) => (best === null || compare(item, best) < 0 ? item : best),
		null,
	);
}

/** What is wanted, what each zone has room for. */
function explainShortage(
	{ nodeMemoryBytes, shards, nodesPerShard, zones, formatBytes }: PreviewRequest,
	hosts: readonly PreviewHost[],
	missing: number,
): string {
	if (hosts.length === 0) {
		return zones.length === 0
			? "No host is online."
			: `No host is online in ${zones.join(" or ")}.`;
	}
	const wanted = shards * nodesPerShard;
	const rooms = zonesOf(hosts).map((zone) => {
		const own = hosts.filter((host) => host.zone === zone);
		const room = own.reduce(
			(sum, host) => sum + Math.max(0, Math.floor(host.freeMemoryBytes / nodeMemoryBytes)),
			0,
		);
		const largest = Math.max(...own.map(({ freeMemoryBytes }) => freeMemoryBytes));
		return room === 0
			? `${zone} none (at most ${formatBytes(Math.max(0, largest))} free on a host)`
			: `${zone} ${room}`;
	});
	return `${wanted === 1 ? "It needs a node" : `It needs ${wanted} nodes`} of ${formatBytes(nodeMemoryBytes)}, and ${missing === wanted ? "none finds" : `${missing} ${missing === 1 ? "finds" : "find"} no`} room. Room for: ${rooms.join(", ")}.`;
}
