import type { CacheModel, NodeModel, ShardModel } from "./model.ts";
import { allNodes } from "./model.ts";
import { isConverged, isHealthy, isServing, isSilent, seesWholeCluster } from "./node-health.ts";
import { isBroken, isLed, type Pair, pairsOf } from "./node-pairs.ts";
import { type Replacements, replaceBroken } from "./replace-broken.ts";
import { type FleetRoom, isMoreSpread, nodeToSpread, roomOf } from "./zone-spread.ts";

/**
 * Which nodes need another in their place, and how far that has come.
 *
 *   must go: its host is drained; its host is lost (not in safe mode, unless a person said that it won't come back); its
 *   files are gone; in a Multi-AZ shard, another zone is free
 *
 *        add-replacement          request-failover, where it leads            retire
 *   X ─────────────────────> X, Y ──────────────────────────────> X, Y leads ───────> Y
 *                             │ Y can't stay, or X needn't go any more: retire Y
 *                             └──────────────────────────────────────────────────────> X
 *
 * Nodes that are beyond help are replaced at once, several of a shard together. Moves of nodes that serve (drains, zones)
 * wait until their shard is well otherwise, and are done one at a time in a cache. A move that nobody needs any more (a
 * drain called off, a host that came back) is finished where only the old node has to go, and called off otherwise, so
 * that it costs no failover. A shard whose data only lost hosts hold is left alone until all of these are given up; then
 * it starts again, empty.
 */
export function planReplacements(cache: CacheModel, room: FleetRoom = roomOf(cache)): Replacements {
	const all: Replacements = { actions: [], events: [], reasons: [] };
	if (!cache.everAvailable || cache.deleting) return all;
	for (const shard of cache.shards) {
		const pairs = pairsOf(shard);
		for (const pair of pairs) add(all, planPair(cache, shard, pair));
		add(all, replaceBroken(cache, shard, pairs));
	}
	const isMoving = cache.shards.some((shard) => pairsOf(shard).length > 0);
	if (!isMoving && all.actions.length === 0) add(all, startMove(cache, room));
	all.reasons.push(
		...all.actions.flatMap((action) =>
			action.kind === "add-replacement" ? (room.problems.get(action.nodeId) ?? []) : [],
		),
	);
	return all;
}

function add(all: Replacements, more: Partial<Replacements>): void {
	all.actions.push(...(more.actions ?? []));
	all.events.push(...(more.events ?? []));
	all.reasons.push(...(more.reasons ?? []));
}

function mustGo(cache: CacheModel, node: NodeModel): boolean {
	return isBroken(cache, node) || node.host.draining;
}

function planPair(cache: CacheModel, shard: ShardModel, pair: Pair): Partial<Replacements> {
	const { outgoing, incoming } = pair;
	const incomingLeads = shard.primaryNodeId === incoming.id;
	if (!incomingLeads && mustGo(cache, incoming)) {
		const why = isBroken(cache, incoming) ? "is lost itself" : "is to leave its host itself";
		return callOff(shard, pair, `its replacement on ${incoming.host.name} ${why}`);
	}
	const spreads = cache.multiAz && isMoreSpread(shard, outgoing, incoming);
	const needed = mustGo(cache, outgoing) || spreads;
	const outgoingLeads = shard.primaryNodeId === outgoing.id;
	if (!needed && !incomingLeads && isWell(outgoing, shard)) {
		if (outgoingLeads || !isInPlace(cache, shard, incoming)) {
			return callOff(shard, pair, `${outgoing.name} needn't leave ${outgoing.host.name} any more`);
		}
	}
	if (!isInPlace(cache, shard, incoming)) return {};
	if (!outgoingLeads) {
		return isLedWithout(cache, shard, outgoing)
			? { actions: [{ kind: "retire", nodeId: outgoing.id }] }
			: {};
	}
	// One that doesn't serve is plan-recovery.ts's: its replacement is one of the candidates.
	if (!isWell(outgoing, shard) || isBusy(cache, shard) || shard.failoverTroubled) return {};
	const cause = `${outgoing.name} is to leave ${outgoing.host.name}`;
	return {
		actions: [{ kind: "request-failover", shardId: shard.id, toNodeId: incoming.id, cause }],
	};
}

/** Takes a replacement out again, but never one that may hold what nobody else does. */
function callOff(
	shard: ShardModel,
	{ outgoing, incoming }: Pair,
	cause: string,
): Partial<Replacements> {
	const isUnderWay = shard.order !== null || shard.failover !== null;
	const isSpare =
		shard.primaryNodeId === null || !incoming.hasSynced || isLed(shard, [incoming.id]);
	if (isUnderWay || !isSpare) return {};
	return {
		actions: [{ kind: "retire", nodeId: incoming.id }],
		events: [
			{
				severity: "info",
				type: "node.move-called-off",
				message: `${outgoing.name} isn't moved to ${incoming.host.name}: ${cause}.`,
				nodeName: outgoing.name,
			},
		],
	};
}

/** Does what it is there for, so that another can go. */
function isInPlace(cache: CacheModel, shard: ShardModel, node: NodeModel): boolean {
	if (!isConverged(node) || !isWell(node, shard)) return false;
	// Engines don't show clients a node that is gone, so views differ from what is wanted until it is out.
	const isComplete = allNodes(cache).every((each) => isServing(each) && !isSilent(each));
	return !isComplete || seesWholeCluster(node, cache);
}

function isWell(node: NodeModel, shard: ShardModel): boolean {
	return isHealthy(node, shard) && !isSilent(node);
}

/** Memcached has nobody who leads. */
function isLedWithout(cache: CacheModel, shard: ShardModel, node: NodeModel): boolean {
	return cache.engine === "memcached" || isLed(shard, [node.id]);
}

function isBusy(cache: CacheModel, shard: ShardModel): boolean {
	return shard.order !== null || shard.failover !== null || cache.sentinelFailingOver;
}

function startMove(cache: CacheModel, room: FleetRoom): Partial<Replacements> {
	if (cache.safeMode) return {};
	const candidates = cache.shards.flatMap((shard) =>
		movable(cache, shard, room)
			.filter((node) => isOtherwiseWell(cache, shard, node))
			.slice(0, 1),
	);
	// One that found no place mustn't hold up others that may.
	const node = candidates.find(({ id }) => !room.problems.has(id)) ?? candidates[0];
	if (node === undefined) return {};
	const reason = node.host.draining
		? `host ${node.host.name} is being drained`
		: "another zone is free";
	return { actions: [{ kind: "add-replacement", nodeId: node.id, empty: false, reason }] };
}

/** Replicas before their primary, so that it can hand over to one that stays; drains before zones. */
function movable(cache: CacheModel, shard: ShardModel, room: FleetRoom): NodeModel[] {
	const leads = (node: NodeModel) => Number(node.id === shard.primaryNodeId);
	const draining = shard.nodes
		.filter((node) => node.host.draining)
		.sort((a, b) => leads(a) - leads(b));
	return draining.length > 0 ? draining : [nodeToSpread(cache, shard, room) ?? []].flat();
}

/** Whether the shard bears a move: all is well but for the node that is to go, and somebody can be copied from. */
function isOtherwiseWell(cache: CacheModel, shard: ShardModel, node: NodeModel): boolean {
	if (isBusy(cache, shard) || isSilent(node)) return false;
	if (cache.engine !== "memcached" && !isLed(shard, [])) return false;
	return shard.nodes.every(
		(each) => !each.rebootPending && (each === node || (isConverged(each) && isWell(each, shard))),
	);
}
