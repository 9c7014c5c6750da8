import { BALANCE_AFTER_MS } from "../../contract/limits.ts";
import type { CacheModel, NodeModel, PlanAction, ShardModel } from "./model.ts";
import { allNodes } from "./model.ts";
import { isBetterPlaced, moveForBalance } from "./node-balance.ts";
import { isConverged, isInPlace, isLeftBehind, isSilent, isWell } from "./node-health.ts";
import { isWhereAsked, whyReplaced } from "./node-kind.ts";
import { cantLeave } from "./node-label.ts";
import { isBroken, isBusy, isLed, type Pair, pairsOf } from "./node-pairs.ts";
import { mayGo } from "./plan-detaching.ts";
import { lackOf, passingNodes } from "./plan-size.ts";
import { type Replacements, replaceBroken } from "./replace-broken.ts";
import {
	type FleetRoom,
	hostsInNewZones,
	isInOneZone,
	nodeToSpread,
	roomOf,
} from "./zone-spread.ts";

/**
 * Decides which nodes need a replacement, and advances the replacements under way.
 *
 *   must go: its host is drained; its host is lost (not in safe mode, unless a person said that it won't come back); its
 *   files are gone; its process keeps exiting
 *   should go: a person asked for it; the cache wants another engine or other zones; its host has no room for the node
 *   type
 *   may go: in a Multi-AZ shard, another zone is free; the cache's nodes would be better spread (node-balance.ts)
 *
 *        add-replacement          request-failover, where it leads            retire
 *   X ─────────────────────> X, Y ──────────────────────────────> X, Y leads ───────> Y
 *                             │ Y can't stay, or X needn't go any more: retire Y
 *                             └──────────────────────────────────────────────────────> X
 *
 * Nodes that can't recover are replaced immediately, several of a shard together. Moves of serving nodes (drains,
 * zones) wait until the rest of their shard is healthy, and are done one at a time in a cache. Moves for
 * balance wait until the cache has been quiet for a minute, unless all nodes of a Multi-AZ shard are in one
 * zone. A move that is no longer needed (a drain was canceled, a host came back) is finished if only the old
 * node is left to remove, and canceled otherwise, so that it costs no failover. If only lost hosts hold a shard's
 * data, the shard is left alone until all of these hosts are given up; then it starts again, empty.
 */
export function planReplacements(cache: CacheModel, room: FleetRoom = roomOf(cache)): Replacements {
	const all: Replacements = { actions: [], events: [], reasons: [] };
	if (!cache.everAvailable || cache.deleting) return all;
	const passing = passingNodes(cache);
	for (const shard of cache.shards) {
		const pairs = pairsOf(shard);
		for (const pair of pairs) add(all, planPair(cache, shard, pair, room));
		add(all, replaceBroken(cache, shard, pairs, passing));
	}
	const isMoving = cache.shards.some((shard) => pairsOf(shard).length > 0);
	if (!isMoving && all.actions.length === 0) add(all, startMove(cache, room, passing));
	all.reasons.push(
		...all.actions.flatMap((action) => {
			if (action.kind !== "add-replacement" || action.optional) return [];
			const node = allNodes(cache).find(({ id }) => id === action.nodeId);
			const problem = room.problems.get(action.nodeId);
			if (node === undefined || problem === undefined) return [];
			return [cantLeave(node.name, node.host.name, problem)];
		}),
	);
	return all;
}

function add(all: Replacements, more: Partial<Replacements>): void {
	all.actions.push(...(more.actions ?? []));
	all.events.push(...(more.events ?? []));
	all.reasons.push(...(more.reasons ?? []));
}

/** It can't recover where it is, or its host is drained. */
export function mustGo(cache: CacheModel, node: NodeModel): boolean {
	return isBroken(cache, node) || node.host.draining;
}

function planPair(
	cache: CacheModel,
	shard: ShardModel,
	pair: Pair,
	room: FleetRoom,
): Partial<Replacements> {
	const { outgoing, incoming } = pair;
	const incomingLeads = shard.primaryNodeId === incoming.id;
	if (!incomingLeads && mustGo(cache, incoming)) {
		const why = isBroken(cache, incoming) ? "is lost too" : "has to leave its host too";
		return callOff(cache, shard, pair, `its replacement on ${incoming.host.name} ${why}`);
	}
	const needed =
		mustGo(cache, outgoing) ||
		isImproved(cache, pair, room) ||
		isBetterPlaced(cache, shard, outgoing, incoming);
	const outgoingLeads = shard.primaryNodeId === outgoing.id;
	if (!needed && !incomingLeads && isWell(outgoing, shard)) {
		if (outgoingLeads || !isInPlace(cache, shard, incoming)) {
			return callOff(
				cache,
				shard,
				pair,
				`${outgoing.name} no longer has to leave ${outgoing.host.name}`,
			);
		}
	}
	if (!isInPlace(cache, shard, incoming)) return {};
	if (!outgoingLeads) {
		return isLedWithout(cache, shard, outgoing)
			? { actions: [{ kind: "retire", nodeId: outgoing.id }] }
			: {};
	}
	// plan-recovery.ts handles a primary that doesn't serve: its replacement is one of the candidates.
	if (!isWell(outgoing, shard) || isBusy(cache, shard) || shard.failoverTroubled) return {};
	const cause = `${outgoing.name} is leaving ${outgoing.host.name}`;
	return {
		actions: [{ kind: "request-failover", shardId: shard.id, toNodeId: incoming.id, cause }],
	};
}

/** The incoming node is what was asked for, and the outgoing one isn't. */
function isImproved(cache: CacheModel, { outgoing, incoming }: Pair, room: FleetRoom): boolean {
	if (outgoing.moveTo !== null) return isWhereAsked(outgoing, incoming.host);
	return whyReplaced(cache, outgoing, room) !== null && whyReplaced(cache, incoming, room) === null;
}

/** Cancels a move by removing the replacement, but never one that may hold the only copy. */
function callOff(
	cache: CacheModel,
	shard: ShardModel,
	{ outgoing, incoming }: Pair,
	cause: string,
): Partial<Replacements> {
	const isUnderWay = shard.order !== null || shard.failover !== null;
	const isSpare =
		shard.primaryNodeId === null || !incoming.hasSynced || isLed(shard, [incoming.id]);
	if (isUnderWay || !isSpare) return {};
	const actions = [{ kind: "retire", nodeId: incoming.id } as const];
	if (!mayGo(cache, shard, incoming)) return { actions };
	return {
		actions,
		events: [
			{
				severity: "info",
				type: "node.move-called-off",
				message: `${outgoing.name} won't move to ${incoming.host.name}: ${cause}.`,
				nodeName: outgoing.name,
			},
		],
	};
}

/** Memcached has no primary. */
function isLedWithout(cache: CacheModel, shard: ShardModel, node: NodeModel): boolean {
	return cache.engine === "memcached" || isLed(shard, [node.id]);
}

/** A node that may move now. */
type Move = Omit<Extract<PlanAction, { kind: "add-replacement" }>, "kind" | "nodeId" | "empty"> & {
	shard: ShardModel;
	node: NodeModel;
};

function startMove(
	cache: CacheModel,
	room: FleetRoom,
	passing: ReadonlySet<string>,
): Partial<Replacements> {
	if (cache.safeMode) return {};
	const bearable = ({ shard, node }: Move) =>
		!passing.has(node.id) && isOtherwiseWell(cache, shard, node);
	const candidates = cache.shards.flatMap((shard) =>
		[...drained(shard), ...toReplace(cache, shard, room), ...toNewZone(cache, shard, room)]
			.filter(bearable)
			.slice(0, 1),
	);
	// A node that found no place must not hold up others that may find one.
	const needed = candidates.find(({ node }) => !room.problems.has(node.id)) ?? candidates[0];
	const move = needed ?? forBalance(cache, room).find(bearable);
	if (move === undefined) return {};
	const { node, reason, hostIds, optional } = move;
	return {
		actions: [
			{ kind: "add-replacement", nodeId: node.id, empty: false, reason, hostIds, optional },
		],
	};
}

/** Replicas before their primary, so that it can hand over to one that stays. */
function drained(shard: ShardModel): Move[] {
	const leads = (node: NodeModel) => Number(node.id === shard.primaryNodeId);
	return shard.nodes
		.filter((node) => node.host.draining)
		.sort((a, b) => leads(a) - leads(b))
		.map((node) => ({
			...{ shard, node, hostIds: null, optional: false },
			reason: `host ${node.host.name} is being drained`,
		}));
}

/** Replicas before their primary: a replica of a later version can follow an earlier one, but not vice versa. */
function toReplace(cache: CacheModel, shard: ShardModel, room: FleetRoom): Move[] {
	if (lackOf(cache) > 0) return [];
	const leads = (node: NodeModel) => Number(node.id === shard.primaryNodeId);
	return [...shard.nodes]
		.sort((a, b) => leads(a) - leads(b))
		.flatMap((node) => {
			const reason = whyReplaced(cache, node, room);
			const hostIds =
				node.moveTo === null
					? null
					: room.openHosts.filter((host) => isWhereAsked(node, host)).map(({ id }) => id);
			return reason === null ? [] : [{ shard, node, hostIds, optional: false, reason }];
		});
}

function toNewZone(cache: CacheModel, shard: ShardModel, room: FleetRoom): Move[] {
	if (shard.nodes.some((node) => node.host.draining)) return [];
	const node = isQuiet(cache) || isInOneZone(shard) ? nodeToSpread(cache, shard, room) : null;
	if (node === null) return [];
	const hostIds = hostsInNewZones(shard, room);
	return [{ shard, node, hostIds, optional: false, reason: "another zone is free" }];
}

function forBalance(cache: CacheModel, room: FleetRoom): Move[] {
	const move = isQuiet(cache) ? moveForBalance(cache, room) : null;
	const shard = cache.shards.find(({ nodes }) => nodes.some((node) => node === move?.node));
	if (move === null || shard === undefined) return [];
	return [
		{ ...move, shard, optional: true, reason: "other hosts have fewer of the cache's nodes" },
	];
}

function isQuiet({ quietForMs }: CacheModel): boolean {
	return quietForMs >= BALANCE_AFTER_MS;
}

/**
 * Whether the shard can bear a move: all is well except for the node that must go, and there is a node to
 * copy from.
 */
function isOtherwiseWell(cache: CacheModel, shard: ShardModel, node: NodeModel): boolean {
	if (isBusy(cache, shard) || isSilent(node)) return false;
	if (cache.engine !== "memcached" && !isLed(shard, [])) return false;
	return (
		shard.nodes.every(
			(each) =>
				each === node ||
				isLeftBehind(cache, shard, each) ||
				(!each.rebootPending && isConverged(each) && isWell(each, shard)),
		) && !node.rebootPending
	);
}
