import type { CacheModel, NodeModel, PlanAction, PlanEvent, ShardModel } from "./model.ts";
import { primaryOf } from "./model.ts";
import { holdsData, isDead, isServingPrimary } from "./node-health.ts";

export interface Recovery {
	actions: PlanAction[];
	events: PlanEvent[];
	/** What a person is to know or do; null when it goes on by itself. */
	reason: string | null;
}
const NOTHING: Recovery = { actions: [], events: [], reason: null };

/**
 * Who leads a shard, when that isn't who should:
 *   - the engines have chosen another (cluster mode: the shards vote on their own): believe them;
 *   - the primary is dead: the replica with the best offset takes over, never one that has nothing; with nobody left
 *     who holds the data, the primary starts again in place.
 */
export function planRecovery(cache: CacheModel, shard: ShardModel): Recovery {
	const primary = primaryOf(shard);
	if (primary === undefined || isServingPrimary(primary, shard)) return NOTHING;
	const siblings = shard.nodes.filter((node) => node.id !== primary.id);
	const elected =
		cache.clusterMode === "enabled"
			? siblings.find((node) => isServingPrimary(node, shard))
			: undefined;
	if (elected !== undefined) {
		const why = "the shard's nodes have chosen it";
		return { ...NOTHING, actions: promotion(elected), events: [takeover(primary, elected, why)] };
	}
	if (!isDead(primary)) return NOTHING;
	const candidates = siblings.filter(holdsData).sort((a, b) => offsetOf(b) - offsetOf(a));
	const best = candidates[0];
	if (best === undefined) return withoutHeir(primary, siblings);
	if (!cache.automaticFailover && !cache.promotionRequested) {
		return {
			...NOTHING,
			reason: `${primary.name} on ${primary.host.name} exited. ${best.name} holds the data, but automatic failover is off: run larder caches promote ${cache.name} to let it take over.`,
		};
	}
	const why = `${primary.name} on ${primary.host.name} exited`;
	return { reason: null, actions: promotion(best), events: [takeover(primary, best, why)] };
}

function withoutHeir(primary: NodeModel, siblings: readonly NodeModel[]): Recovery {
	const hidden = siblings.filter((node) => !node.host.online);
	if (hidden.length > 0) {
		return {
			...NOTHING,
			reason: `${primary.name} exited, and ${hidden.map((node) => node.name).join(", ")} on ${hidden.map((node) => node.host.name).join(", ")} may hold its data but can't be seen. Start Larder's agent there.`,
		};
	}
	// Nobody holds the data any more, so starting it in place loses nothing that isn't lost.
	return { ...NOTHING, actions: [{ kind: "permit-launch", nodeId: primary.id }] };
}

function promotion(node: NodeModel): PlanAction[] {
	return [{ kind: "promote", nodeId: node.id }];
}

function takeover(before: NodeModel, after: NodeModel, why: string): PlanEvent {
	return {
		severity: "warning",
		type: "cache.failover",
		message: `${after.name} on ${after.host.name} takes over as primary from ${before.name}: ${why}.`,
		nodeName: after.name,
	};
}

function offsetOf(node: NodeModel): number {
	return node.observation?.engineState?.offset ?? 0;
}
