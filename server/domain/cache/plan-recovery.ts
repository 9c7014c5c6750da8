import type { CacheModel, NodeModel, PlanAction, PlanEvent, ShardModel } from "./model.ts";
import { primaryOf } from "./model.ts";
import { holdsData, isDead, isHung, isServingPrimary, isSilent } from "./node-health.ts";

export interface Recovery {
	actions: PlanAction[];
	events: PlanEvent[];
	/** What a person is to know or do; null when it goes on by itself. */
	reason: string | null;
}
const NOTHING: Recovery = { actions: [], events: [], reason: null };

/**
 * Who leads a shard, when that isn't who should:
 *   - the engines have another primary (an order that was carried out, a Sentinel's choice, the cluster's own vote):
 *     believe them, even if the former one comes back meanwhile;
 *   - the primary is dead, silent or no primary any more: the replica with the best offset takes over, never one that has
 *     nothing; with nobody left who holds the data, a dead primary starts again in place.
 * One order at a time, and none while a Sentinel is failing over.
 */
export function planRecovery(cache: CacheModel, shard: ShardModel, now: Date): Recovery {
	const primary = primaryOf(shard);
	if (primary === undefined) return NOTHING;
	const siblings = shard.nodes.filter((node) => node.id !== primary.id);
	const leaders = siblings.filter((node) => isServingPrimary(node, shard) && !isSilent(node));
	const answers = (primary.observation?.silentSince ?? null) === null;
	if (isServingPrimary(primary, shard) && !isSilent(primary) && answers) {
		// Back again, after another was made to lead in its place: what that one has taken since would be lost.
		const heir = leaders.find((node) => node.id === shard.ledBy);
		return heir === undefined ? NOTHING : adopt(heir);
	}
	const elected = leaders.sort(byOffset)[0];
	if (elected !== undefined) {
		if (shard.order?.fresh === true) return NOTHING;
		return adopt(elected);
	}
	if (shard.order !== null) return NOTHING;
	if (isHung(primary, now) && siblings.some(canTakeOver)) {
		return {
			...NOTHING,
			actions: [{ kind: "end-hung", nodeId: primary.id }],
			reason: `${primary.name} on ${primary.host.name} runs but doesn't answer; if that lasts, it is ended so that a replica can take over`,
		};
	}
	const failure = failureOf(primary, siblings);
	if (failure === null) return NOTHING;
	const candidates = shard.nodes.filter(canTakeOver).sort(byOffset);
	if (candidates.length === 0) {
		return failure.fromState === "dead" && isDead(primary)
			? withoutHeir(primary, siblings)
			: NOTHING;
	}
	return takeover(cache, shard, primary, failure, candidates);
}

function adopt({ id: nodeId }: NodeModel): Recovery {
	const cause = "the engines have it as their primary";
	return { ...NOTHING, actions: [{ kind: "adopt-primary", nodeId, cause }] };
}

interface Failure {
	fromState: "dead" | "silent";
	cause: string;
}

/** Why the primary can't be left to lead; null while it may be on its way. */
function failureOf(primary: NodeModel, siblings: readonly NodeModel[]): Failure | null {
	const where = `${primary.name} on ${primary.host.name}`;
	if (isDead(primary)) return { fromState: "dead", cause: `${where} exited` };
	if (isSilent(primary)) {
		// Who says that the host won't come back knows what becomes of an engine that may still answer there.
		const isGivenUp = primary.host.lossConfirmed;
		return {
			fromState: isGivenUp ? "dead" : "silent",
			cause: `${where} can't be reached: the host ${isGivenUp ? "is given up" : "is silent"}`,
		};
	}
	const { observation } = primary;
	const state = observation?.phase === "running" ? observation.engineState : null;
	if (state?.role !== "replica" || state.loading) return null;
	// Somebody made a replica of it. Whom it follows may be about to say that it leads.
	const leader = siblings.find((node) =>
		state.cluster === null
			? node.host.address === state.primaryHost && node.port === state.primaryPort
			: node.clusterNodeId === state.cluster.primaryNodeId,
	);
	const mayLead =
		leader?.host.online === true &&
		!isDead(leader) &&
		leader.observation?.engineState?.role !== "replica";
	return mayLead ? null : { fromState: "dead", cause: `${where} is a replica` };
}

function takeover(
	cache: CacheModel,
	shard: ShardModel,
	primary: NodeModel,
	{ fromState, cause }: Failure,
	candidates: readonly NodeModel[],
): Recovery {
	if (cache.sentinelFailingOver) {
		return { ...NOTHING, reason: `${cause}; a Sentinel is failing over` };
	}
	const [best] = candidates;
	if (!cache.automaticFailover && !cache.promotionRequested) {
		// Of a silent host nobody can say that its engine is dead.
		if (isSilent(primary)) return NOTHING;
		return {
			...NOTHING,
			reason: `${cause}. ${best?.name} holds the data, but automatic failover is off: run larder caches promote ${cache.name} to let it take over.`,
		};
	}
	const alone = cache.clusterMode === "enabled" && !canVote(cache);
	// Without a vote, nothing but certainty keeps two from owning the same slots.
	if (alone && fromState === "silent" && (primary.host.online || cache.safeMode)) return NOTHING;
	return {
		...NOTHING,
		actions: [
			{
				kind: "order-failover",
				shardId: shard.id,
				failover: "unplanned",
				fromState,
				candidateIds: candidates.map((node) => node.id),
				takeover: alone,
				cause,
			},
		],
		reason: shard.orderProblem === null ? null : `${cause}; ${shard.orderProblem.message}`,
	};
}

/** Whether most of the cluster's primaries are there to elect another one. */
function canVote(cache: CacheModel): boolean {
	const voters = cache.shards.filter((shard) => {
		const primary = primaryOf(shard);
		return primary !== undefined && isServingPrimary(primary, shard) && !isSilent(primary);
	});
	return voters.length > cache.shards.length / 2;
}

/** Holds the data, on a host that can be told to. */
function canTakeOver(node: NodeModel): boolean {
	return holdsData(node) && !isSilent(node);
}

function withoutHeir(primary: NodeModel, siblings: readonly NodeModel[]): Recovery {
	// What a replacement was to copy, it hasn't.
	const hidden = siblings.filter((node) => node.hasSynced && !isDead(node));
	if (hidden.length > 0) {
		const names = hidden.map((node) => `${node.name} on ${node.host.name}`).join(", ");
		const remedy = hidden.some(isSilent)
			? "can't be seen. Start Larder's agent there."
			: "doesn't answer yet.";
		return {
			...NOTHING,
			reason: `${primary.name} exited, and ${names} may hold its data but ${remedy}`,
		};
	}
	// Nobody holds the data any more, so starting it in place loses nothing that isn't lost.
	return isSilent(primary)
		? NOTHING
		: { ...NOTHING, actions: [{ kind: "permit-launch", nodeId: primary.id }] };
}

function byOffset(a: NodeModel, b: NodeModel): number {
	return offsetOf(b) - offsetOf(a);
}

function offsetOf(node: NodeModel): number {
	return node.observation?.engineState?.offset ?? 0;
}
