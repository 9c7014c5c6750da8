import type { CacheModel, NodeModel, ShardModel } from "./model.ts";
import { isServing, isSilent } from "./node-health.ts";

/** What is known about room outside the cache's own nodes. */
export interface FleetRoom {
	/** Hosts that accept nodes, in zones that the cache may use. */
	openHosts: readonly { id: string; zone: string }[];
	/** The user chose the zones, so a node doesn't leave its own for balance. */
	keepZones: boolean;
	/** Why no other host took a node at the last attempt, by the node's id. */
	problems: ReadonlyMap<string, string>;
	/** Nodes whose host had no room for the cache's node type at the last attempt. */
	tight: ReadonlySet<string>;
}

/** What a cache's own nodes show, if nothing else is known. */
export function roomOf(cache: CacheModel): FleetRoom {
	const hosts = cache.shards.flatMap(({ nodes, leaving }) =>
		[...nodes, ...leaving].map(({ host }) => host),
	);
	const open = hosts.filter(
		(host) => host.online && !host.suspect && !host.cordoned && !host.draining && !host.lost,
	);
	const byId = new Map(open.map(({ id, zone }) => [id, { id, zone }]));
	return { openHosts: [...byId.values()], keepZones: false, problems: new Map(), tight: new Set() };
}

export interface ZoneSpread {
	status: "disabled" | "enabled" | "degraded";
	/** Why it is degraded and what restores it; null otherwise. */
	reason: string | null;
}

/**
 * Whether the cache keeps Multi-AZ's promise. Degraded: all serving nodes of some shard are in one zone, or
 * its nodes are in fewer zones than they could be.
 */
export function zoneSpread(cache: CacheModel, room: FleetRoom = roomOf(cache)): ZoneSpread {
	if (!cache.multiAz) return { status: "disabled", reason: null };
	if (!cache.everAvailable || cache.deleting) return { status: "enabled", reason: null };
	const causes = cache.shards.flatMap((shard) => causeOf(cache, shard, room) ?? []);
	const [first] = causes;
	if (first === undefined) return { status: "enabled", reason: null };
	const others = causes.length - 1;
	const more =
		others === 0 ? "" : ` The same applies to ${others} more shard${others === 1 ? "" : "s"}.`;
	return { status: "degraded", reason: `${first}${more}` };
}

function causeOf(cache: CacheModel, shard: ShardModel, room: FleetRoom): string | null {
	const what = cache.shards.length > 1 ? `shard ${shard.index + 1}` : cache.name;
	const members = withoutReplaced(shard);
	if (members.length < 2) return null;
	const placed = zonesOf(members);
	if (placed.length === 1) {
		return `All nodes of ${what} are in zone ${placed[0]}. One of them will move as soon as a host in another zone has room. Add a host there.`;
	}
	const up = zonesOf(members.filter((node) => isServing(node) && !isSilent(node)));
	// Whoever needs a sleeping cache wakes all of its nodes.
	const sleeps = cache.sleep.state !== null;
	if (up.length < 2 && !sleeps) {
		const away = members
			.filter((node) => !isServing(node) || isSilent(node))
			.map((node) => `${node.name} on ${node.host.name} (zone ${node.host.zone})`);
		return `${up.length === 0 ? `No node of ${what} is serving` : `All serving nodes of ${what} are in zone ${up[0]}`}. Not serving: ${away.join(", ")}. Multi-AZ is restored once ${away.length === 1 ? "it is" : "one of them is"} back or replaced.`;
	}
	const next = nodeToSpread(cache, shard, room);
	return next === null || room.problems.has(next.id)
		? null
		: `Nodes of ${what} share zone ${next.host.zone} while another is free: ${next.name} will move.`;
}

/**
 * The node whose move puts the shard into one more zone; null if none does. It comes from the zone that has the
 * most: replicas before the primary, and first those that share a host. A shard that is spread as well as possible
 * has none, so moves come to an end.
 */
export function nodeToSpread(
	cache: CacheModel,
	shard: ShardModel,
	room: FleetRoom,
): NodeModel | null {
	if (!cache.multiAz) return null;
	const members = withoutReplaced(shard);
	const taken = new Set(members.map((node) => node.host.zone));
	if (!room.openHosts.some(({ zone }) => !taken.has(zone))) return null;
	const count = (same: (node: NodeModel) => boolean) => members.filter(same).length;
	const inZone = (node: NodeModel) => count(({ host }) => host.zone === node.host.zone);
	const onHost = (node: NodeModel) => count(({ host }) => host.id === node.host.id);
	const leads = (node: NodeModel) => Number(node.id === shard.primaryNodeId);
	const [best] = members
		.filter((node) => inZone(node) > 1)
		.sort((a, b) => inZone(b) - inZone(a) || leads(a) - leads(b) || onHost(b) - onHost(a));
	return best ?? null;
}

/** Hosts in zones that the shard doesn't use. */
export function hostsInNewZones(shard: ShardModel, room: FleetRoom): string[] {
	const taken = new Set(zonesOf(withoutReplaced(shard)));
	return room.openHosts.filter(({ zone }) => !taken.has(zone)).map(({ id }) => id);
}

/** All its nodes are in one zone, whose loss would take the shard down. */
export function isInOneZone(shard: ShardModel): boolean {
	const members = withoutReplaced(shard);
	return members.length > 1 && zonesOf(members).length === 1;
}

/** The shard as it will be: nodes that come or go, or have a pending replacement, don't count. */
function withoutReplaced(shard: ShardModel): NodeModel[] {
	const replaced = new Set(shard.nodes.map((node) => node.replacesNodeId));
	return shard.nodes.filter(
		(node) => !replaced.has(node.id) && !node.joining && node.leavingAt === null,
	);
}

function zonesOf(nodes: readonly NodeModel[]): string[] {
	return [...new Set(nodes.map((node) => node.host.zone))];
}
