import { compareInOrder } from "./compare-in-order.ts";

/** The properties of a host that placement uses. */
export interface HostRoom {
	id: string;
	name: string;
	zone: string;
	freeMemoryBytes: number;
	freeCpuMillis: number;
}

/** A node that already has a place. */
export interface PlacedMember {
	hostId: string;
	zone: string;
	leads: boolean;
}

export interface SpreadRequest<Host extends HostRoom> {
	/** Hosts to choose from: online, and in the requested zones. */
	hosts: readonly Host[];
	/**
	 * Number of new nodes of each shard, the primary first. Memcached's nodes are one shard without a primary.
	 */
	shards: readonly number[];
	/** Existing nodes of each shard, if any; new ones come after them. */
	members?: readonly (readonly PlacedMember[])[];
	nodeMemoryBytes: number;
	nodeCpuMillis: number;
	/** Require at least two zones per shard. */
	multiAz: boolean;
	/** Zones to take in turn; null for any. */
	zones: readonly string[] | null;
}

export interface Spread<Host extends HostRoom> {
	/** By shard and member; null for a node without room. */
	shards: (Host | null)[][];
	/** Every node has a place; with Multi-AZ each shard is in two zones or more. */
	complete: boolean;
}

/**
 * Chooses hosts for all nodes of a cache. In this order of weight: no two members of a shard on one host
 * while another has room; members of a shard in different zones; primaries spread over zones, then hosts, so
 * that no zone holds most of them if that can be avoided; the cache's nodes spread over zones, then hosts;
 * free memory. The same input gives the same answer. The control plane places nodes with it, and the console
 * uses it to show the result in advance.
 */
export function spreadNodes<Host extends HostRoom>(request: SpreadRequest<Host>): Spread<Host> {
	const inOrder = request.shards.flatMap((count, shard) => {
		const before = request.members?.[shard]?.length ?? 0;
		return Array.from({ length: count }, (_, index): Place => ({ shard, member: before + index }));
	});
	// All primaries before any replica, so that replicas don't take the room that primaries need to spread.
	const primariesFirst = [
		...inOrder.filter(({ member }) => member === 0),
		...inOrder.filter(({ member }) => member > 0),
	];
	const first = choose(request, primariesFirst);
	if (isComplete(first, request)) return { shards: first, complete: true };
	const second = choose(request, inOrder);
	if (isComplete(second, request)) return { shards: second, complete: true };
	return { shards: first, complete: false };
}

interface Place {
	shard: number;
	/** From 0, which is the primary. */
	member: number;
}

/** A zone or a host during placement: how many nodes it has, and of which shards. */
class Holder {
	any = 0;
	primaries = 0;
	readonly #ofShard: number[] = [];

	ofShard(shard: number): number {
		return this.#ofShard[shard] ?? 0;
	}

	add(shard: number, isPrimary: boolean): void {
		this.any += 1;
		if (isPrimary) this.primaries += 1;
		this.#ofShard[shard] = this.ofShard(shard) + 1;
	}
}

interface Candidate<Host extends HostRoom> {
	host: Host;
	own: Holder;
	zone: Holder;
	/** Number of nodes that still fit. */
	room: number;
}

function choose<Host extends HostRoom>(
	request: SpreadRequest<Host>,
	order: readonly Place[],
): (Host | null)[][] {
	const { shards, zones, nodeMemoryBytes, nodeCpuMillis } = request;
	// The order in which the first nodes are placed, while no host has any.
	const inTurn = [...request.hosts].sort(
		(a, b) => b.freeMemoryBytes - a.freeMemoryBytes || (a.name < b.name ? -1 : 1),
	);
	const zoneNames = [...new Set(inTurn.map(({ zone }) => zone))];
	const zoneHolders = new Map(zoneNames.map((zone) => [zone, new Holder()]));
	const candidates = inTurn.map(
		(host): Candidate<Host> => ({
			host,
			own: new Holder(),
			zone: zoneHolders.get(host.zone) ?? new Holder(),
			room: Math.min(
				Math.floor(host.freeMemoryBytes / nodeMemoryBytes),
				Math.floor(host.freeCpuMillis / nodeCpuMillis),
			),
		}),
	);
	const chosen = shards.map((count) => Array.from({ length: count }, (): Host | null => null));
	countMembers(request.members ?? [], candidates, zoneHolders);
	for (const { shard, member } of order) {
		const turn = zones?.[(shard + member) % zones.length];
		const isPrimary = member === 0 && shards.length > 1;
		const members = request.members?.[shard] ?? [];
		const primaryZone =
			members.length === 0 ? chosen[shard]?.[0]?.zone : members.find(({ leads }) => leads)?.zone;
		const best = lowest(candidates, ({ host, own, zone }) => [
			own.ofShard(shard),
			zone.ofShard(shard),
			// Requested zones are taken in turn.
			turn === undefined || turn === host.zone ? 0 : 1,
			isPrimary ? zone.primaries : zone.any,
			isPrimary ? own.primaries : own.any,
			zone.any,
			own.any,
			// Replicas go round the zones in the primaries' order, each shard's starting after its primary's, so
			// that no zone gets more than its share.
			primaryZone === undefined ? 0 : stepsFrom(primaryZone, host.zone, zoneNames),
			own.any * nodeMemoryBytes - host.freeMemoryBytes,
		]);
		if (best === null) continue;
		best.own.add(shard, isPrimary);
		best.zone.add(shard, isPrimary);
		best.room -= 1;
		const row = chosen[shard];
		if (row !== undefined) row[member - members.length] = best.host;
	}
	return chosen;
}

/** Existing members count for the spread, and their room is already deducted. */
function countMembers<Host extends HostRoom>(
	shards: readonly (readonly PlacedMember[])[],
	candidates: readonly Candidate<Host>[],
	zones: ReadonlyMap<string, Holder>,
): void {
	const byHost = new Map(candidates.map(({ host, own }) => [host.id, own]));
	for (const [shard, members] of shards.entries()) {
		for (const { hostId, zone, leads } of members) {
			const isPrimary = leads && shards.length > 1;
			byHost.get(hostId)?.add(shard, isPrimary);
			zones.get(zone)?.add(shard, isPrimary);
		}
	}
}

/** The candidate with room and the lowest ranks, compared in order; null if none has room. */
function lowest<Host extends HostRoom>(
	candidates: readonly Candidate<Host>[],
	ranksOf: (candidate: Candidate<Host>) => number[],
): Candidate<Host> | null {
	let best: Candidate<Host> | null = null;
	let bestRanks: number[] = [];
	for (const candidate of candidates) {
		if (candidate.room <= 0) continue;
		const ranks = ranksOf(candidate);
		if (best !== null && compareInOrder(ranks, bestRanks) >= 0) continue;
		best = candidate;
		bestRanks = ranks;
	}
	return best;
}

/** The number of zones from one to the other, in a circle. */
function stepsFrom(from: string, to: string, zones: readonly string[]): number {
	return (zones.indexOf(to) - zones.indexOf(from) + zones.length) % zones.length;
}

function isComplete<Host extends HostRoom>(
	shards: readonly (readonly (Host | null)[])[],
	{ multiAz }: SpreadRequest<Host>,
): boolean {
	return shards.every((hosts) => {
		const zones = new Set(hosts.map((host) => host?.zone));
		return !hosts.includes(null) && (!multiAz || zones.size > 1);
	});
}
