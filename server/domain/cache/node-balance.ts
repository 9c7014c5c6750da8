import { compareInOrder } from "../../contract/compare-in-order.ts";
import type { CacheModel, HostModel, NodeModel, ShardModel } from "./model.ts";
import type { FleetRoom } from "./zone-spread.ts";

/** A node that would be better placed on one of these hosts. */
export interface BalanceMove {
	node: NodeModel;
	hostIds: string[];
}

type Place = Pick<HostModel, "id" | "zone">;

/**
 * What a move changes, most important first; negative is better. A move is worth it if its first nonzero
 * number is negative. Each such move lowers sums that can't fall forever, so moves come to an end.
 *
 *   0  siblings on the same host
 *   1  siblings in the same zone
 *   2  how unevenly the cache's nodes are spread over zones
 *   3  the same over the hosts of a zone
 */
type Change = readonly [number, number, number, number];

/**
 * The move that best restores the spread that the cache's nodes had at creation, once hosts have come back or take
 * nodes again. Replicas move before primaries. Null if no move is worth it; Memcached's nodes never move, because
 * their data would be lost.
 */
export function moveForBalance(cache: CacheModel, room: FleetRoom): BalanceMove | null {
	if (cache.engine === "memcached") return null;
	const layout = layoutOf(cache);
	const free = layout.members.filter(({ node }) => !node.placedByHand);
	const moves = free.flatMap(({ node, shard }) => {
		const change = changesOf(layout, shard, node);
		const targets = room.openHosts
			.filter(({ zone }) => !room.keepZones || zone === node.host.zone)
			.map((host) => ({ host, change: change(host) }))
			.filter(({ change }) => isBetter(change))
			.sort((a, b) => compareInOrder(a.change, b.change));
		const [best] = targets;
		if (best === undefined) return [];
		const hostIds = targets.map(({ host }) => host.id);
		return [{ node, hostIds, rank: [...best.change, Number(node.id === shard.primaryNodeId)] }];
	});
	// A node that found no room must not hold up others that may find some.
	const isStuck = ({ node }: BalanceMove) => Number(room.problems.has(node.id));
	const [best] = moves.sort((a, b) => isStuck(a) - isStuck(b) || compareInOrder(a.rank, b.rank));
	return best === undefined ? null : { node: best.node, hostIds: best.hostIds };
}

/** Whether the cache is better spread with the replacement than with the node that it replaces. */
export function isBetterPlaced(
	cache: CacheModel,
	shard: ShardModel,
	outgoing: NodeModel,
	incoming: NodeModel,
): boolean {
	return isBetter(changeOf(layoutOf(cache), shard, outgoing, incoming.host));
}

interface Layout {
	members: { node: NodeModel; shard: ShardModel }[];
	onHost: Map<string, number>;
	inZone: Map<string, number>;
}

/** Where the nodes are. Pending replacements don't count. */
function layoutOf(cache: CacheModel): Layout {
	const members = cache.shards.flatMap((shard) =>
		settledMembers(shard).map((node) => ({ node, shard })),
	);
	const count = (keyOf: (host: HostModel) => string) => {
		const counts = new Map<string, number>();
		for (const { node } of members) {
			const key = keyOf(node.host);
			counts.set(key, (counts.get(key) ?? 0) + 1);
		}
		return counts;
	};
	return { members, onHost: count(({ id }) => id), inZone: count(({ zone }) => zone) };
}

function settledMembers(shard: ShardModel): NodeModel[] {
	return shard.nodes.filter((node) => node.replacesNodeId === null);
}

/** Hosts of a zone without a node of the cache are all alike, and a large fleet has many. */
function changesOf(layout: Layout, shard: ShardModel, node: NodeModel): (to: Place) => Change {
	const toZone = new Map<string, Change>();
	return (to) => {
		if (layout.onHost.has(to.id)) return changeOf(layout, shard, node, to);
		const known = toZone.get(to.zone) ?? changeOf(layout, shard, node, to);
		toZone.set(to.zone, known);
		return known;
	};
}

function changeOf(
	{ onHost, inZone }: Layout,
	shard: ShardModel,
	{ id, host: from }: NodeModel,
	to: Place,
): Change {
	const siblings = settledMembers(shard).filter((node) => node.id !== id);
	const atHost = (hostId: string) => siblings.filter(({ host }) => host.id === hostId).length;
	const atZone = (zone: string) => siblings.filter(({ host }) => host.zone === zone).length;
	const zones = (inZone.get(from.zone) ?? 0) - (inZone.get(to.zone) ?? 0);
	return [
		atHost(to.id) - atHost(from.id),
		atZone(to.zone) - atZone(from.zone),
		from.zone === to.zone ? 0 : 1 - zones,
		from.zone === to.zone ? hostGain(onHost.get(from.id) ?? 0, onHost.get(to.id) ?? 0) : 0,
	];
}

/** The placement of a new cache may leave a difference of two, which isn't worth copying a node. */
function hostGain(from: number, to: number): number {
	const isWorthIt = from - to >= 3 || (to === 0 && from >= 2);
	return isWorthIt ? 1 - (from - to) : 0;
}

function isBetter(change: Change): boolean {
	return (change.find((part) => part !== 0) ?? 0) < 0;
}
