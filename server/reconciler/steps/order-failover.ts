import { randomUUID } from "node:crypto";
import type { FailoverMember } from "../../contract/desired-state.ts";
import { allNodeRows, type FullCache, type FullNode } from "../../data/cache-mapping.ts";
import { toOperationModel } from "../../data/operation-mapping.ts";
import { clusterNodeId } from "../../domain/cache/cluster-node-id.ts";
import type { FailoverAction } from "../../domain/cache/model.ts";
import { nodeLabel } from "../../domain/cache/node-label.ts";
import { receiversOf } from "../../domain/operation/operation.ts";
import { wakeForNotices, wakeForOrder } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";

/** A refused order may be given again after this time: no report says when its reason has gone. */
const AGAIN_MS = 400;

/**
 * Gives a failover order to the host of its first candidate. Writes nothing to the database: the new
 * primary is recorded once the engines confirm it, and a lost order is planned again.
 */
export function orderFailover(
	resources: Resources,
	cache: FullCache,
	action: FailoverAction,
): void {
	const { orders, notices, fleet, clock, wakeCache } = resources;
	const rows = allNodeRows(cache);
	const shard = cache.shards.find((candidate) => candidate.id === action.shardId);
	const from = rows.find((node) => node.id === shard?.primaryNodeId);
	const candidates = action.candidateIds.flatMap((id) => rows.find((node) => node.id === id) ?? []);
	const [first] = candidates;
	if (from === undefined || first === undefined) return;
	const others = rows.filter(
		(node) => node.shardId === from.shardId && node !== from && !candidates.includes(node),
	);
	const order = {
		id: randomUUID(),
		cacheId: cache.id,
		cacheName: cache.name,
		kind: action.failover,
		clusterMode: cache.clusterMode === "enabled" ? ("enabled" as const) : ("disabled" as const),
		from: toMember(from, rows),
		fromState: action.fromState,
		candidates: candidates.map((node) => toMember(node, rows)),
		others: others.map((node) => toMember(node, rows)),
		receivers: receiversFrom(cache, action.shardId).map((node) => toMember(node, rows)),
		takeover: action.takeover,
		sentinels: fleet.sentinelsOf(cache.id).map(({ host, port }) => ({ host, port })),
	};
	const lastHeardAt = fleet.isSuspect(from.hostId) ? fleet.lastSeenAt(from.hostId) : null;
	const noticedAt = fleet.goneSince(from.id) ?? (lastHeardAt ?? clock.now()).getTime();
	orders.add({ order, shardId: action.shardId, cause: action.cause, noticedAt });
	notices.add([first.hostId], { kind: "failover", order });
	wakeForOrder(resources, first.hostId);
	setTimeout(() => {
		// Unless the new primary has been recorded.
		if (orders.find(order.id) !== null) wakeCache(cache.id, "urgent");
	}, AGAIN_MS).unref();
}

function receiversFrom(cache: FullCache, shardId: string): FullNode[] {
	const operation = toOperationModel(cache.operations[0]);
	if (operation?.cursor.phase !== "move") return [];
	const rows = allNodeRows(cache);
	const ids = receiversOf(operation, shardId);
	return cache.shards
		.filter(({ id }) => ids.includes(id))
		.flatMap((shard) => rows.find(({ id }) => id === shard.primaryNodeId) ?? []);
}

/** Makes the agent kill a primary's process that runs without answering. */
export function endHung(resources: Resources, cache: FullCache, nodeId: string): void {
	const node = allNodeRows(cache).find((candidate) => candidate.id === nodeId);
	const pid = resources.fleet.observation(nodeId, null)?.pid ?? null;
	if (node === undefined || pid === null) return;
	resources.notices.add([node.hostId], { kind: "end-hung", assignmentId: nodeId, pid });
	wakeForNotices(resources, [node.hostId]);
}

/** Its name is for sentences, so it includes the host while the node moves. */
function toMember(node: FullNode, all: readonly FullNode[]): FailoverMember {
	return {
		nodeId: node.id,
		clusterNodeId: clusterNodeId(node.id),
		name: nodeLabel(node, all),
		host: node.host.advertisedAddress,
		port: node.port,
	};
}
