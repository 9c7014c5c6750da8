import { explainShortage } from "./explain-shortage.ts";
import type { PlacementHost, PlacementRequest } from "./request.ts";

export interface Placement {
	hostId: string;
	port: number;
}

/** Placements by shard, in the order of the request. */
export type PlacementResult = { ok: true; shards: Placement[][] } | { ok: false; reason: string };

/**
 * Chooses hosts and ports for all nodes of a cache. In this order of weight: no two members of a shard on one host
 * while another has room; members of a shard in different zones; primaries spread over zones, then hosts, so that
 * no zone holds most of them where that can be helped; the cache's nodes spread over hosts; free memory. Same input,
 * same answer.
 */
export function placeNodes(request: PlacementRequest): PlacementResult {
	const hosts = request.hosts.filter(
		(host) => request.zones === null || request.zones.includes(host.zone),
	);
	const refusal = refuse(request, hosts);
	if (refusal !== null) return { ok: false, reason: refusal };
	for (const order of [primariesFirst, shardByShard]) {
		const chosen = choose({ ...request, hosts }, order(request.shards));
		if (chosen === null) continue;
		if (request.multiAz && !chosen.every(spansZones)) continue;
		const shards = choosePorts(chosen, request.portRange);
		if (shards !== null) return { ok: true, shards };
		return {
			ok: false,
			reason: `No node port from ${request.portRange.first} to ${request.portRange.last} is left on the hosts with room. Delete caches or add a host.`,
		};
	}
	return { ok: false, reason: explainShortage({ ...request, hosts }) };
}

/** What makes any choice impossible, before room is looked at. */
function refuse(request: PlacementRequest, hosts: readonly PlacementHost[]): string | null {
	if (request.hosts.length === 0) {
		return "No host is online. Start Larder's agent on a host, or add one with larder agent --join.";
	}
	const online = new Set(request.hosts.map((host) => host.zone));
	const missing = (request.zones ?? []).filter((zone) => !online.has(zone));
	if (missing.length > 0) {
		return `No host is online in zone ${missing.join(", ")}; there are hosts in ${[...online].join(", ")}. Add a host with larder agent --join … --zone ${missing[0]}; creation then goes on.`;
	}
	const zones = new Set(hosts.map((host) => host.zone));
	if (request.multiAz && zones.size < 2) {
		return `Multi-AZ needs hosts online in two zones or more, and all are in ${[...zones].join(", ")}. Add a host in another zone with larder agent --join … --zone …; creation then goes on.`;
	}
	return null;
}

interface Slot {
	shard: number;
	member: number;
}

/** All primaries before any replica, so that replicas don't take the room by which primaries spread. */
function primariesFirst(shards: readonly number[]): Slot[] {
	return shardByShard(shards).sort(
		(a, b) => Number(a.member > 0) - Number(b.member > 0) || a.shard - b.shard,
	);
}

function shardByShard(shards: readonly number[]): Slot[] {
	return shards.flatMap((members, shard) =>
		Array.from({ length: members }, (_, member) => ({ shard, member })),
	);
}

/** Hosts by shard and member; null when room runs out. */
function choose(request: PlacementRequest, order: readonly Slot[]): PlacementHost[][] | null {
	const taken = new Tally();
	const zones = [...new Set(request.hosts.map((host) => host.zone))].sort();
	const chosen: PlacementHost[][] = request.shards.map(() => []);
	for (const { shard, member } of order) {
		const turn = request.zones?.[(shard + member) % request.zones.length];
		const fitting = request.hosts.filter((host) => {
			const nodes = taken.count("host", host.id) + 1;
			return (
				host.freeMemoryBytes >= nodes * request.nodeMemoryBytes &&
				host.freeCpuMillis >= nodes * request.nodeCpuMillis
			);
		});
		const kind = member === 0 && request.shards.length > 1 ? "primary" : "any";
		const rank = (host: PlacementHost) => [
			taken.count("shard host", `${shard} ${host.id}`),
			taken.count("shard zone", `${shard} ${host.zone}`),
			// Zones that were asked for are taken by turns.
			turn === undefined || turn === host.zone ? 0 : 1,
			taken.count(`${kind} zone`, host.zone),
			taken.count(`${kind} host`, host.id),
			taken.count("any zone", host.zone),
			taken.count("host", host.id),
			// Replicas go round the zones, each shard's from its primary's on, so that none is left with more than its share.
			stepsFrom(chosen[shard]?.[0]?.zone, host.zone, zones),
			-(host.freeMemoryBytes - taken.count("host", host.id) * request.nodeMemoryBytes),
		];
		const host = lowest(fitting, rank);
		if (host === undefined) return null;
		const row = chosen[shard];
		if (row === undefined) return null;
		row[member] = host;
		taken.add("host", host.id);
		taken.add("shard host", `${shard} ${host.id}`);
		taken.add("shard zone", `${shard} ${host.zone}`);
		taken.add("any zone", host.zone);
		taken.add("any host", host.id);
		taken.add("primary zone", host.zone, kind === "primary" ? 1 : 0);
		taken.add("primary host", host.id, kind === "primary" ? 1 : 0);
	}
	return chosen;
}

/** How many zones on from one to the other, in a circle; 0 where there is no first. */
function stepsFrom(from: string | undefined, to: string, zones: readonly string[]): number {
	if (from === undefined) return 0;
	return (zones.indexOf(to) - zones.indexOf(from) + zones.length) % zones.length;
}

/** Counts of what has been placed, by kind and name. */
class Tally {
	readonly #counts = new Map<string, number>();

	count(kind: string, name: string): number {
		return this.#counts.get(`${kind} ${name}`) ?? 0;
	}

	add(kind: string, name: string, by = 1): void {
		this.#counts.set(`${kind} ${name}`, this.count(kind, name) + by);
	}
}

/** The host whose ranks are lowest, the first that differs deciding; by name when none does. */
function lowest(
	hosts: readonly PlacementHost[],
	rank: (host: PlacementHost) => number[],
): PlacementHost | undefined {
	let best: { host: PlacementHost; ranks: number[] } | undefined;
	for (const host of [...hosts].sort((a, b) => (a.name < b.name ? -1 : 1))) {
		const ranks = rank(host);
		if (best === undefined || isLower(ranks, best.ranks)) best = { host, ranks };
	}
	return best?.host;
}

function isLower(a: readonly number[], b: readonly number[]): boolean {
	for (const [index, value] of a.entries()) {
		const other = b[index] ?? 0;
		if (value !== other) return value < other;
	}
	return false;
}

function spansZones(hosts: readonly PlacementHost[]): boolean {
	return new Set(hosts.map((host) => host.zone)).size > 1;
}

/** Each host's lowest free ports. */
function choosePorts(
	chosen: readonly (readonly PlacementHost[])[],
	range: { first: number; last: number },
): Placement[][] | null {
	const next = new Map<string, number>();
	const shards: Placement[][] = [];
	for (const hosts of chosen) {
		const placements: Placement[] = [];
		for (const host of hosts) {
			let port = next.get(host.id) ?? range.first;
			while (host.usedPorts.has(port)) port++;
			if (port > range.last) return null;
			next.set(host.id, port + 1);
			placements.push({ hostId: host.id, port });
		}
		shards.push(placements);
	}
	return shards;
}
