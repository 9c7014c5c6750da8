import { explainShortage } from "./explain-shortage.ts";
import type { PreviewHost, PreviewRequest } from "./preview-request.ts";

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

interface Place {
	shard: number;
	/** From 0. */
	member: number;
}

/**
 * Where the nodes would go if the fleet stays as it is now, by the control plane's own order of wishes
 * (server/domain/placement): members of a shard keep apart by host, then by zone; zones that were asked for take turns;
 * primaries spread over zones, then hosts; the cache's nodes spread likewise; free memory decides the rest. The control
 * plane makes the real choice when the cache is created.
 */
export function previewPlacement(request: PreviewRequest): Preview {
	const { shards, nodesPerShard, isMemcached, multiAz } = request;
	const hosts = request.hosts
		.filter(({ zone }) => request.zones.length === 0 || request.zones.includes(zone))
		.sort((a, b) => (a.name < b.name ? -1 : 1));
	const inOrder = Array.from({ length: shards }, (_, shard) =>
		Array.from({ length: nodesPerShard }, (__, member): Place => ({ shard, member })),
	).flat();
	// All primaries before any replica, so that replicas don't take the room by which primaries spread.
	const primariesFirst = [
		...inOrder.filter(({ member }) => member === 0),
		...inOrder.filter(({ member }) => member > 0),
	];
	const wanted = shards * nodesPerShard;
	const isGood = (chosen: readonly PreviewNode[]) =>
		chosen.length === wanted && (!multiAz || zonesSpanned(chosen, shards));
	const first = choose(request, hosts, primariesFirst);
	const second = isGood(first) ? first : choose(request, hosts, inOrder);
	const chosen = isGood(second) ? second : first;
	const nodes = chosen
		.map((node) => (isMemcached ? { ...node, role: "node" as const } : node))
		.sort((a, b) => a.shard - b.shard || a.member - b.member);
	return {
		nodes,
		missing: wanted - nodes.length,
		roomLeft: roomLeft(request, nodes),
		shortage: isGood(chosen) ? null : explainShortage(request, hosts, wanted - nodes.length),
	};
}

/** A zone or a host while nodes are being placed: how many it has, and of which shards. */
class Holder {
	any = 0;
	primaries = 0;
	readonly #ofShard: number[] = [];

	ofShard(shard: number): number {
		return this.#ofShard[shard] ?? 0;
	}

	add(shard: number, isPrimary: boolean) {
		this.any += 1;
		if (isPrimary) this.primaries += 1;
		this.#ofShard[shard] = this.ofShard(shard) + 1;
	}
}

function choose(
	request: PreviewRequest,
	hosts: readonly PreviewHost[],
	order: readonly Place[],
): PreviewNode[] {
	const { shards, zones, nodeMemoryBytes, nodeCpuMillis } = request;
	const zoneNames = [...new Set(hosts.map(({ zone }) => zone))].sort();
	const zoneOf = new Map(hosts.map(({ zone }) => [zone, new Holder()]));
	const candidates = hosts.map((host) => {
		const zone = zoneOf.get(host.zone) ?? new Holder();
		const byMemory = Math.floor(host.freeMemoryBytes / nodeMemoryBytes);
		const room = Math.min(byMemory, Math.floor(host.freeCpuMillis / nodeCpuMillis));
		return { host, zone, own: new Holder(), room };
	});
	const chosen: PreviewNode[] = [];
	/** Zones of the shards' primaries. */
	const leaders: string[] = [];
	for (const { shard, member } of order) {
		const turn = zones[(shard + member) % zones.length];
		const isPrimary = member === 0 && shards > 1;
		const primaryZone = leaders[shard];
		const ranksOf = ({ host, zone, own }: (typeof candidates)[number]) => [
			own.ofShard(shard),
			zone.ofShard(shard),
			turn === undefined || turn === host.zone ? 0 : 1,
			isPrimary ? zone.primaries : zone.any,
			isPrimary ? own.primaries : own.any,
			zone.any,
			own.any,
			primaryZone === undefined ? 0 : stepsFrom(primaryZone, host.zone, zoneNames),
			own.any * nodeMemoryBytes - host.freeMemoryBytes,
		];
		let best: (typeof candidates)[number] | null = null;
		let bestRanks: number[] = [];
		for (const candidate of candidates) {
			if (candidate.own.any >= candidate.room) continue;
			const ranks = ranksOf(candidate);
			if (best !== null && !isLower(ranks, bestRanks)) continue;
			best = candidate;
			bestRanks = ranks;
		}
		if (best === null) continue;
		best.own.add(shard, isPrimary);
		best.zone.add(shard, isPrimary);
		if (member === 0) leaders[shard] = best.host.zone;
		const role = member === 0 ? "primary" : "replica";
		chosen.push({ host: best.host, role, shard, member: member + 1 });
	}
	return chosen;
}

/** How many zones on from one to the other, in a circle. */
function stepsFrom(from: string, to: string, zones: readonly string[]): number {
	return (zones.indexOf(to) - zones.indexOf(from) + zones.length) % zones.length;
}

function isLower(a: readonly number[], b: readonly number[]): boolean {
	for (let index = 0; index < a.length; index += 1) {
		const value = a[index] ?? 0;
		const other = b[index] ?? 0;
		if (value !== other) return value < other;
	}
	return false;
}

function zonesSpanned(nodes: readonly PreviewNode[], shards: number): boolean {
	const zones = new Map<number, Set<string>>();
	for (const { shard, host } of nodes) {
		zones.set(shard, (zones.get(shard) ?? new Set()).add(host.zone));
	}
	return zones.size === shards && [...zones.values()].every(({ size }) => size > 1);
}

function roomLeft({ hosts, nodeMemoryBytes }: PreviewRequest, nodes: readonly PreviewNode[]) {
	const onHost = new Map<string, number>();
	for (const { host } of nodes) onHost.set(host.id, (onHost.get(host.id) ?? 0) + 1);
	const zones = [...new Set(hosts.map(({ zone }) => zone))].sort();
	return zones.map((zone): ZoneRoom => {
		const own = hosts.filter((host) => host.zone === zone);
		return {
			zone,
			nodes: own.reduce((sum, { id }) => sum + (onHost.get(id) ?? 0), 0),
			bytes: own.reduce(
				(sum, { id, freeMemoryBytes }) =>
					sum + Math.max(0, freeMemoryBytes - (onHost.get(id) ?? 0) * nodeMemoryBytes),
				0,
			),
		};
	});
}
