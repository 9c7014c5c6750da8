import type { CacheModel, NodeModel, ShardModel } from "./model.ts";
import { isServing, isSilent } from "./node-health.ts";

/** What is known of room outside of the cache's own nodes. */
export interface FleetRoom {
	/** Zones with hosts that take nodes, of those that the cache may be in. */
	openZones: readonly string[];
	/** Why no other host took a node's place when that was last tried, by the node's id. */
	problems: ReadonlyMap<string, string>;
}

/** What a cache's own nodes tell, where nothing else is known. */
export function roomOf(cache: CacheModel): FleetRoom {
	const hosts = cache.shards.flatMap(({ nodes, leaving }) =>
		[...nodes, ...leaving].map(({ host }) => host),
	);
	const open = hosts.filter(
		(host) => host.online && !host.suspect && !host.cordoned && !host.draining && !host.lost,
	);
	return { openZones: [...new Set(open.map(({ zone }) => zone))].sort(), problems: new Map() };
}

export interface ZoneSpread {
	status: "disabled" | "enabled" | "degraded";
	/** Why it is degraded and what mends it; null otherwise. */
	reason: string | null;
}

/**
 * Whether the cache keeps Multi-AZ's promise. Degraded: what serves of some shard is all in one zone, or its nodes are
 * in fewer zones than they could be.
 */
export function zoneSpread(cache: CacheModel, room: FleetRoom = roomOf(cache)): ZoneSpread {
	if (!cache.multiAz) return { status: "disabled", reason: null };
	if (!cache.everAvailable || cache.deleting) return { status: "enabled", reason: null };
	const causes = cache.shards.flatMap((shard) => causeOf(cache, shard, room) ?? []);
	const [first] = causes;
	if (first === undefined) return { status: "enabled", reason: null };
	const others = causes.length - 1;
	const more =
		others === 0 ? "" : ` The same holds for ${others} more shard${others === 1 ? "" : "s"}.`;
	return { status: "degraded", reason: `${first}${more}` };
}

function causeOf(cache: CacheModel, shard: ShardModel, room: FleetRoom): string | null {
	const what = cache.shards.length > 1 ? `shard ${shard.index + 1}` : cache.name;
	const members = withoutReplaced(shard);
	if (members.length < 2) return null;
	const placed = zonesOf(members);
	if (placed.length === 1) {
		return `All nodes of ${what} are in zone ${placed[0]}. One moves by itself as soon as a host in another zone has room: add one with larder agent --join … --zone ….`;
	}
	const up = zonesOf(members.filter((node) => isServing(node) && !isSilent(node)));
	if (up.length < 2) {
		const away = members
			.filter((node) => !isServing(node) || isSilent(node))
			.map((node) => `${node.name} on ${node.host.name} (zone ${node.host.zone})`);
		return `${up.length === 0 ? `Nothing of ${what} serves` : `All that serves of ${what} is in zone ${up[0]}`}: ${away.join(", ")} ${away.length === 1 ? "doesn't" : "don't"}. It is mended once ${away.length === 1 ? "it is" : "one of them is"} back, or has another in its place.`;
	}
	const next = nodeToSpread(cache, shard, room);
	return next === null || room.problems.has(next.id)
		? null
		: `Nodes of ${what} share zone ${next.host.zone} while another is free: ${next.name} is about to move.`;
}

/**
 * The node whose move puts the shard into one more zone; null when none does. From the zone that has most of them, a
 * replica before the primary, one that shares its host first. A shard that is as spread as it can be has none, so moves
 * come to an end.
 */
export function nodeToSpread(
	cache: CacheModel,
	shard: ShardModel,
	room: FleetRoom,
): NodeModel | null {
	if (!cache.multiAz) return null;
	const members = withoutReplaced(shard);
	const taken = new Set(members.map((node) => node.host.zone));
	if (!room.openZones.some((zone) => !taken.has(zone))) return null;
	const count = (same: (node: NodeModel) => boolean) => members.filter(same).length;
	const inZone = (node: NodeModel) => count(({ host }) => host.zone === node.host.zone);
	const onHost = (node: NodeModel) => count(({ host }) => host.id === node.host.id);
	const leads = (node: NodeModel) => Number(node.id === shard.primaryNodeId);
	const [best] = members
		.filter((node) => inZone(node) > 1)
		.sort((a, b) => inZone(b) - inZone(a) || leads(a) - leads(b) || onHost(b) - onHost(a));
	return best ?? null;
}

/** Whether the shard is in more zones with the replacement than with the node that it replaces. */
export function isMoreSpread(shard: ShardModel, from: NodeModel, to: NodeModel): boolean {
	const others = withoutReplaced(shard).filter((node) => node !== from && node !== to);
	return zonesOf([...others, to]).length > zonesOf([...others, from]).length;
}

/** The shard as it is to be: nodes whose replacement is on its way don't count. */
function withoutReplaced(shard: ShardModel): NodeModel[] {
	const replaced = new Set(shard.nodes.map((node) => node.replacesNodeId));
	return shard.nodes.filter((node) => !replaced.has(node.id));
}

function zonesOf(nodes: readonly NodeModel[]): string[] {
	return [...new Set(nodes.map((node) => node.host.zone))];
}
