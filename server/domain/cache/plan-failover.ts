import { hasMoved } from "../operation/advance-operation.ts";
import type { CacheModel, NodeModel, PlanAction, ShardModel } from "./model.ts";
import { primaryOf } from "./model.ts";
import { isReplicaInSync, isServingPrimary, isSilent } from "./node-health.ts";

/** The cause of a failover that a person requested. */
export const REQUESTED = "requested";

/**
 * A requested failover: the primary hands over to the named replica, or to the best-placed one. Only from a visible,
 * serving primary; otherwise plan-recovery.ts decides, and the node that it promotes fulfills the request too.
 */
export function planFailover(cache: CacheModel, shard: ShardModel): PlanAction[] {
	const { failover } = shard;
	const primary = primaryOf(shard);
	if (failover === null || shard.order !== null || primary === undefined) return [];
	if (!isServingPrimary(primary, shard) || isSilent(primary)) return [];
	if (cache.operation?.cursor.phase === "move" && !areSlotsAtRest(cache)) return [];
	const drop = (reason: string): PlanAction[] => [
		{ kind: "drop-failover", shardId: shard.id, reason },
	];
	// An order that was refused while its primary couldn't be seen says nothing about this request.
	if (shard.orderProblem?.kind === "planned") return drop(shard.orderProblem.message);
	const ready = shard.nodes
		.filter((node) => isReplicaInSync(node, primary) && !isSilent(node))
		.sort(bestPlaced);
	const target =
		failover.toNodeId === null ? ready[0] : ready.find((node) => node.id === failover.toNodeId);
	if (target === undefined) {
		const named = shard.nodes.find((node) => node.id === failover.toNodeId);
		if (failover.toNodeId === null) return drop(`no replica of ${cache.name} is in sync`);
		return drop(
			named === undefined ? "the requested node no longer exists" : `${named.name} is not in sync`,
		);
	}
	return [
		{
			kind: "order-failover",
			shardId: shard.id,
			failover: "planned",
			fromState: "alive",
			candidateIds: [target, ...ready.filter((node) => node !== target)].map((node) => node.id),
			takeover: false,
			cause: shard.failoverCause?.kind === "planned" ? shard.failoverCause.cause : REQUESTED,
		},
	];
}

/**
 * A replica that takes over claims, in a newer epoch, all slots that it believes its primary to have. If one of them had
 * just gone to another shard, that one would delete its keys. So moves rest first (advance-operation.ts).
 */
function areSlotsAtRest({ operation, shards }: CacheModel): boolean {
	return operation?.cursor.held === true && shards.every(hasMoved);
}

/** A failed order has left its cause behind: the next failover has its own. */
export function planForgetting(shard: ShardModel): PlanAction[] {
	const primary = primaryOf(shard);
	const isOver =
		shard.failoverCause !== null &&
		shard.failover === null &&
		shard.order === null &&
		shard.ledBy === null &&
		primary !== undefined &&
		isServingPrimary(primary, shard) &&
		!isSilent(primary);
	return isOver ? [{ kind: "forget-cause", shardId: shard.id }] : [];
}

/** A node that will stay comes first, then the one with the most data. */
function bestPlaced(a: NodeModel, b: NodeModel): number {
	const leaving = ({ host, leavingAt }: NodeModel) =>
		Number(leavingAt !== null || host.draining || host.cordoned);
	const offset = (node: NodeModel) => node.observation?.engineState?.offset ?? 0;
	return leaving(a) - leaving(b) || offset(b) - offset(a);
}
