import { compareInOrder } from "../../contract/compare-in-order.ts";
import { DISCOVERY_POLL_MS } from "../../contract/limits.ts";
import { leaversOf } from "../operation/operation.ts";
import type { CacheModel, NodeModel, PlanAction, ShardModel } from "./model.ts";
import { allNodes, nodesWanted } from "./model.ts";
import { isConverged, isInPlace, isServing, isWell } from "./node-health.ts";
import { areAllOfKind } from "./node-kind.ts";
import { isBroken, isBusy, isGone, isLed, pairsOf } from "./node-pairs.ts";
import { areProxiesTold, hasPlaces } from "./plan-discovery.ts";

/**
 * Brings each shard to the wanted number of nodes, once the cache has become available.
 *
 *       add-nodes             join-node            leave-node             retire
 *   · ────────────> joining ────────────> member ─────────────> leaving ──────────> ·
 *                      └───────────────────│───────────────────^  │
 *                        it has to go      │                      │ it is wanted again, or was elected
 *                                          └<─────────────────────┘ keep-node
 *
 * Recovery, failovers and moves come first: shards grow and shrink only while all primaries serve and no node moves. One
 * node of a shard starts to leave at a time, and stops once all gateways know; Memcached's clients get time to
 * notice. A shard never loses its primary: on a host that is drained, the primary hands over to a node that stays.
 */
export function planSize(cache: CacheModel, now: Date): PlanAction[] {
	if (!cache.everAvailable || cache.deleting) return [];
	const changes = cache.shards.flatMap((shard) => [
		...planJoining(cache, shard),
		...planLeaving(cache, shard, now),
	]);
	return [
		...changes,
		...cache.shards.flatMap((shard) => planShrinking(cache, shard)),
		...(changes.length === 0 ? planGrowth(cache) : []),
	];
}

/** The nodes that count: the two nodes of a move count once, and nodes that are leaving don't count. */
export function membersOf(shard: ShardModel): NodeModel[] {
	return shard.nodes.filter((node) => node.replacesNodeId === null && node.leavingAt === null);
}

/** Ids of nodes that a change of size adds or removes, so that nothing else moves or replaces them. */
export function passingNodes(cache: CacheModel): ReadonlySet<string> {
	const passing = cache.shards.flatMap((shard) => [
		...shard.nodes.filter(
			(node) => (node.joining || node.leavingAt !== null) && node.id !== shard.primaryNodeId,
		),
		...inOrderOfLeaving(cache, shard).slice(0, Math.max(0, -lack(cache, shard))),
	]);
	return new Set(passing.map(({ id }) => id));
}

/** How many nodes each shard lacks. */
export function lacksOf(cache: CacheModel): number[] {
	return cache.shards.map((shard) => Math.max(0, lack(cache, shard)));
}

/** How many nodes the shards lack together. */
export function lackOf(cache: CacheModel): number {
	return lacksOf(cache).reduce((sum, count) => sum + count, 0);
}

/** Every shard has its nodes as the cache wants them, and none is coming or going any more. */
export function isSized(cache: CacheModel): boolean {
	return (
		areAllOfKind(cache) &&
		cache.shards.every((shard) => lack(cache, shard) === 0 && !shard.leaving.some(isStopping)) &&
		allNodes(cache).every((node) => !node.joining && node.leavingAt === null) &&
		gatewaysKnow(cache)
	);
}

/** A gateway that is off or broken can't route clients anywhere. */
export function gatewaysKnow({ gateways }: CacheModel): boolean {
	return gateways.every(({ phase, informed }) => phase === "off" || phase === "failed" || informed);
}

/** The host of a removed node will confirm soon; a lost host will when it returns. */
export function isStopping({ host }: NodeModel): boolean {
	return host.online;
}

function lack(cache: CacheModel, shard: ShardModel): number {
	const isLeaving = cache.operation !== null && leaversOf(cache.operation).includes(shard.id);
	if (isLeaving) return 0;
	return nodesWanted(cache, shard) - membersOf(shard).length;
}

function planJoining(cache: CacheModel, shard: ShardModel): PlanAction[] {
	return membersOf(shard)
		.filter((node) => node.joining)
		.flatMap((node): PlanAction[] => {
			if (isInPlace(cache, shard, node)) {
				return mayCount(cache, node) ? [{ kind: "join-node", nodeId: node.id }] : [];
			}
			const isLost = isGone(cache, node) || node.host.draining;
			return isLost && node.id !== shard.primaryNodeId
				? [{ kind: "leave-node", nodeId: node.id }]
				: [];
		});
}

/** Nodes with places count one after another, in the order of the list, each once all proxies know it. */
function mayCount(cache: CacheModel, { id }: NodeModel): boolean {
	if (!hasPlaces(cache)) return true;
	const joining = allNodes(cache).filter((node) => node.joining);
	const next = cache.discoveryNodeIds.find((listed) => joining.some((node) => node.id === listed));
	return next === id && areProxiesTold(cache);
}

function planLeaving(cache: CacheModel, shard: ShardModel, now: Date): PlanAction[] {
	const leaving = shard.nodes.filter((node) => node.leavingAt !== null);
	const stays = (node: NodeModel) => !isGone(cache, node) && !node.host.draining;
	const elected = leaving.filter((node) => node.id === shard.primaryNodeId);
	const wantedAgain = leaving
		.filter((node) => !elected.includes(node) && stays(node))
		.slice(0, Math.max(0, lack(cache, shard) - elected.length));
	return leaving.flatMap((node): PlanAction[] => {
		if (elected.includes(node) || wantedAgain.includes(node)) {
			return [{ kind: "keep-node", nodeId: node.id }];
		}
		return mayStop(cache, shard, node, now) ? [{ kind: "retire", nodeId: node.id }] : [];
	});
}

function mayStop(
	cache: CacheModel,
	shard: ShardModel,
	{ id, leavingAt }: NodeModel,
	now: Date,
): boolean {
	if (isBusy(cache, shard) || !gatewaysKnow(cache)) return false;
	if (hasPlaces(cache)) return !cache.discoveryNodeIds.includes(id) && areProxiesTold(cache);
	if (cache.engine === "memcached") {
		return now.getTime() - (leavingAt?.getTime() ?? 0) >= DISCOVERY_POLL_MS;
	}
	// The rest no longer waits for it to acknowledge writes.
	const rest = membersOf(shard).filter(isServing);
	return isLed(shard, [id]) && rest.every(isConverged);
}

function planShrinking(cache: CacheModel, shard: ShardModel): PlanAction[] {
	if (lack(cache, shard) >= 0 || !isCalm(cache)) return [];
	const [next] = inOrderOfLeaving(cache, shard);
	if (next === undefined) return [];
	if (next.id !== shard.primaryNodeId) return [{ kind: "leave-node", nodeId: next.id }];
	const cause = `${next.name} is leaving ${next.host.name}`;
	return [{ kind: "request-failover", shardId: shard.id, toNodeId: null, cause }];
}

/**
 * The shard's members, the next to leave first: one that a person named, then one that has to go anyway, one that isn't
 * well, and the one whose removal leaves the best spread over zones and hosts, then the last added. The primary is
 * among them only while its host is drained and a replica can take over. Of nodes with places, the last leaves, because
 * then only its keys move.
 */
export function inOrderOfLeaving(cache: CacheModel, shard: ShardModel): NodeModel[] {
	const all = cache.shards.flatMap(membersOf);
	const own = membersOf(shard);
	if (hasPlaces(cache)) {
		const placeOf = ({ id }: NodeModel) => cache.discoveryNodeIds.indexOf(id);
		const withPlaces = own.filter((node) => placeOf(node) >= 0);
		const others = own.filter((node) => placeOf(node) < 0);
		return [...others, ...withPlaces.sort((a, b) => placeOf(b) - placeOf(a))];
	}
	const leads = (node: NodeModel) => node.id === shard.primaryNodeId;
	const stays = (node: NodeModel) => !isBroken(cache, node) && !node.host.draining;
	const isReady = (node: NodeModel) => !node.joining && isWell(node, shard);
	const mayHandOver =
		!shard.failoverTroubled && own.some((node) => !leads(node) && stays(node) && isReady(node));
	const rank = (node: NodeModel) => {
		const inZone = (nodes: readonly NodeModel[]) =>
			nodes.filter(({ host }) => host.zone === node.host.zone).length;
		const onHost = (nodes: readonly NodeModel[]) =>
			nodes.filter(({ host }) => host.id === node.host.id).length;
		return [
			Number(!node.leavesFirst),
			Number(stays(node)),
			Number(isReady(node)),
			Number(leads(node)),
			...[inZone(own), onHost(own), inZone(all), onHost(all)].map((count) => -count),
		];
	};
	return own
		.filter((node) => !leads(node) || (node.host.draining && mayHandOver))
		.sort((a, b) => compareInOrder(rank(a), rank(b)) || (a.name < b.name ? 1 : -1));
}

function planGrowth(cache: CacheModel): PlanAction[] {
	if (cache.safeMode || !isCalm(cache)) return [];
	const shards = cache.shards
		.map((shard) => ({ shardId: shard.id, count: lack(cache, shard) }))
		.filter(({ count }) => count > 0);
	return shards.length === 0 ? [] : [{ kind: "add-nodes", shards }];
}

/** The primary of every shard serves, unless the shard is new, and nothing else is going on. */
function isCalm(cache: CacheModel): boolean {
	return cache.shards.every(
		(shard) =>
			!isBusy(cache, shard) &&
			pairsOf(shard).length === 0 &&
			(cache.engine === "memcached" || shard.nodes.length === 0 || isLed(shard, [])),
	);
}
