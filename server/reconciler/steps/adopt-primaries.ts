import { type Failover, failoverEnds } from "../../contract/index.ts";
import { causeOf, type FullCache } from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { FailoverOrders } from "../../data/failover-orders.ts";
import { type NewEvent, recordEvents } from "../../data/record-event.ts";
import { type StoredLeader, storeLeaders } from "../../data/store-failovers.ts";
import { REQUESTED } from "../../domain/cache/plan-failover.ts";
import type { Clock } from "../../platform/clock.ts";
import { bumpRoutes, wakeGateways, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { affectedNodes, findMember, membersOf, raiseGenerations } from "./membership.ts";
import { exitPolicy } from "./new-node.ts";
import { shardNumber } from "./shard-number.ts";

/** A node that the engines have made the primary of its shard. */
export interface Adoption {
	readonly cache: FullCache;
	readonly nodeId: string;
	/** Why, unless an order says more about it. */
	readonly cause: string;
}

/**
 * Records that other nodes are primaries, which the engines already know, and reports it. All roles change in one
 * transaction, whose statements are as many for one shard as for hundreds: when many hosts are lost, clients wait for it. So
 * every host's next desired state agrees on the primaries; an old primary's own state now says replica, and its host
 * brings it back as one. In cluster mode every node of the cache learns the primary of each shard.
 */
export async function adoptPrimaries(
	resources: Resources,
	adoptions: readonly Adoption[],
): Promise<void> {
	const { clock, orders } = resources;
	const found = adoptions.flatMap((adoption) => {
		const member = findMember(adoption.cache, adoption.nodeId);
		return member === null ? [] : { ...adoption, shard: member.shard };
	});
	if (found.length === 0) return;
	const leaders = found.map((each): StoredLeader & { cacheName: string } => ({
		...{ cacheId: each.cache.id, cacheName: each.cache.name },
		...{ shardId: each.shard.id, nodeId: each.nodeId },
		failover: describeFailover(each.shard, each.nodeId, each.cause, orders, clock),
		members: rolesUnder(each.shard, each.nodeId),
	}));
	const affected = new Map(
		found
			.flatMap(({ cache, shard }) => affectedNodes(cache, shard))
			.map((node) => [node.id, node] as const),
	);
	const cacheIds = [...new Set(found.map(({ cache }) => cache.id))];
	await writeInCharge(resources, async (tx) => {
		await raiseGenerations(tx, cacheIds, [...affected.values()]);
		await storeLeaders(tx, leaders);
		await bumpRoutes(tx, cacheIds);
		await recordEvents(tx, clock, leaders.map(failoverEvent));
	});
	for (const { shardId } of leaders) orders.forget(shardId);
	wakeHosts(resources, new Set([...affected.values()].map(({ hostId }) => hostId)));
	wakeGateways(resources);
}

function rolesUnder(shard: FullCache["shards"][number], leaderId: string): StoredLeader["members"] {
	const members = membersOf(shard);
	return members.map(({ id }) => ({
		id,
		followsNodeId: id === leaderId ? null : leaderId,
		onExit: exitPolicy(id === leaderId, members.length),
	}));
}

function describeFailover(
	shard: FullCache["shards"][number],
	nodeId: string,
	foundCause: string,
	orders: FailoverOrders,
	clock: Clock,
): Failover {
	const given = orders.newest(shard.id);
	const result = given?.result?.leaderNodeId === nodeId ? given.result : null;
	const nodeOf = (id: string | null) => shard.nodes.find((node) => node.id === id);
	const [from, to] = [nodeOf(shard.primaryNodeId), nodeOf(nodeId)];
	const byOrder = given !== null && result !== null;
	// A control plane before this one may have given the order.
	const noted = causeOf(shard);
	return {
		at: clock.now().toISOString(),
		kind: byOrder ? given.order.kind : (noted?.kind ?? "unplanned"),
		shard: shardNumber(shard),
		from: from?.name ?? "",
		to: to?.name ?? "",
		fromHost: from?.host.name ?? null,
		toHost: to?.host.name ?? null,
		by: byOrder ? "control-plane" : "engines",
		cause: byOrder ? given.cause : (noted?.cause ?? foundCause),
		writesUnavailableMs: !byOrder
			? null
			: given.order.kind === "planned"
				? result.writesUnavailableMs
				: result.at - given.noticedAt,
	};
}

function failoverEvent({ cacheName, failover }: StoredLeader & { cacheName: string }): NewEvent {
	const { kind, cause, writesUnavailableMs } = failover;
	const { from, to } = failoverEnds(failover);
	const duration =
		writesUnavailableMs === null
			? ""
			: ` Writes were unavailable for ${Math.round(writesUnavailableMs)} ms.`;
	const why = cause === REQUESTED ? " as requested." : `: ${cause}.`;
	const message = `${to} took over from ${from}${why}`;
	return {
		severity: kind === "planned" ? "info" : "warning",
		type: "cache.failover",
		message: `${message}${duration}`,
		cacheName,
		nodeName: failover.to,
	};
}
