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

function choose(
	request: PreviewRequest,
	hosts: readonly PreviewHost[],
	order: readonly Place[],
): PreviewNode[] {
	const { shards, zones, nodeMemoryBytes, nodeCpuMillis } = request;
	const taken = new Tally();
	const chosen: PreviewNode[] = [];
	for (const { shard, member } of order) {
		const turn = zones[(shard + member) % zones.length];
		const isPrimary = member === 0 && shards > 1;
		const kind = isPrimary ? "primary " : "any ";
		const ranksOf = (host: PreviewHost) => [
			taken.count(`${shard} ${host.id}`),
			taken.count(`${shard} zone ${host.zone}`),
			turn === undefined || turn === host.zone ? 0 : 1,
			taken.count(`${kind}zone ${host.zone}`),
			taken.count(kind + host.id),
			taken.count(`any zone ${host.zone}`),
			taken.count(`any ${host.id}`),
			-(host.freeMemoryBytes - taken.count(`any ${host.id}`) * nodeMemoryBytes),
		];
		let best: { host: PreviewHost; ranks: number[] } | null = null;
		for (const host of hosts) {
			const own = taken.count(`any ${host.id}`) + 1;
			if (host.freeMemoryBytes < own * nodeMemoryBytes) continue;
			if (host.freeCpuMillis < own * nodeCpuMillis) continue;
			const ranks = ranksOf(host);
			if (best === null || isLower(ranks, best.ranks)) best = { host, ranks };
		}
		if (best === null) continue;
		const { host } = best;
		chosen.push({
			host,
			role: member === 0 ? "primary" : "replica",
			shard,
			member: member + 1,
		});
		taken.add(`${shard} ${host.id}`);
		taken.add(`${shard} zone ${host.zone}`);
		taken.add(`any ${host.id}`);
		taken.add(`any zone ${host.zone}`);
		if (isPrimary) {
			taken.add(`primary ${host.id}`);
			taken.add(`primary zone ${host.zone}`);
		}
	}
	return chosen;
}

class Tally {
	readonly #counts = new Map<string, number>();

	count(key: string): number {
		return this.#counts.get(key) ?? 0;
	}

	add(key: string) {
		this.#counts.set(key, this.count(key) + 1);
	}
}

function isLower(a: readonly number[], b: readonly number[]): boolean {
	for (const [index, value] of a.entries()) {
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
	const onHost = new Tally();
	for (const { host } of nodes) onHost.add(host.id);
	const zones = [...new Set(hosts.map(({ zone }) => zone))].sort();
	return zones.map((zone): ZoneRoom => {
		const own = hosts.filter((host) => host.zone === zone);
		return {
			zone,
			nodes: own.reduce((sum, { id }) => sum + onHost.count(id), 0),
			bytes: own.reduce(
				(sum, { id, freeMemoryBytes }) =>
					sum + Math.max(0, freeMemoryBytes - onHost.count(id) * nodeMemoryBytes),
				0,
			),
		};
	});
}
