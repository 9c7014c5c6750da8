import { randomUUID } from "node:crypto";
import type { FailoverMember } from "../../contract/agent.ts";
import { allNodeRows, type FullCache, type FullNode } from "../../data/cache-mapping.ts";
import { clusterNodeId } from "../../domain/cache/cluster-node-id.ts";
import type { PlanAction } from "../../domain/cache/model.ts";
import type { Resources } from "../../services/context.ts";

/** A refused order may be given again then: nobody else says when its reason has gone. */
const AGAIN_MS = 400;

/**
 * Gives a failover order to the host of its first candidate. Nothing is written: who leads is written down once the
 * engines say so, and an order that is lost is planned anew.
 */
export function orderFailover(
	resources: Resources,
	cache: FullCache,
	action: Extract<PlanAction, { kind: "order-failover" }>,
): void {
	const { orders, notices, signals, fleet, clock, wakeCache } = resources;
	const rows = allNodeRows(cache);
	const shard = cache.shards.find((candidate) => candidate.id === action.shardId);
	const from = rows.find((node) => node.id === shard?.primaryNodeId);
	const candidates = action.candidateIds.flatMap((id) => rows.find((node) => node.id === id) ?? []);
	const [first] = candidates;
	if (from === undefined || first === undefined) return;
	const order = {
		id: randomUUID(),
		cacheId: cache.id,
		cacheName: cache.name,
		kind: action.failover,
		clusterMode: cache.clusterMode === "enabled" ? ("enabled" as const) : ("disabled" as const),
		from: toMember(from),
		fromState: action.fromState,
		candidates: candidates.map(toMember),
		takeover: action.takeover,
		sentinels: fleet.sentinelsOf(cache.id).map(({ host, port }) => ({ host, port })),
	};
	const heardOfAt = fleet.isSuspect(from.hostId) ? fleet.lastSeenAt(from.hostId) : null;
	const noticedAt = fleet.goneSince(from.id) ?? (heardOfAt ?? clock.now()).getTime();
	orders.add({ order, shardId: action.shardId, cause: action.cause, noticedAt });
	notices.add(first.hostId, { kind: "failover", order });
	signals.notify(`host:${first.hostId}`);
	setTimeout(() => wakeCache(cache.id), AGAIN_MS).unref();
}

/** Has a primary's process killed that runs without answering. */
export function endHung(resources: Resources, cache: FullCache, nodeId: string): void {
	const node = allNodeRows(cache).find((candidate) => candidate.id === nodeId);
	const pid = resources.fleet.observation(nodeId, null)?.pid ?? null;
	if (node === undefined || pid === null) return;
	resources.notices.add(node.hostId, { kind: "end-hung", assignmentId: nodeId, pid });
	resources.signals.notify(`host:${node.hostId}`);
}

function toMember(node: FullNode): FailoverMember {
	return {
		nodeId: node.id,
		clusterNodeId: clusterNodeId(node.id),
		name: node.name,
		host: node.host.advertisedAddress,
		port: node.port,
	};
}
