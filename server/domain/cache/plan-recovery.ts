import type { CacheModel, NodeModel, PlanAction, PlanEvent, ShardModel } from "./model.ts";
import { primaryOf } from "./model.ts";
import {
	holdsData,
	holdsKeptData,
	isDead,
	isHung,
	isServing,
	isServingPrimary,
	isSilent,
	mayHoldData,
} from "./node-health.ts";
import { agentRemedy } from "./node-label.ts";

export interface Recovery {
	actions: PlanAction[];
	events: PlanEvent[];
	/** What a person should know or do; null if it continues by itself. */
	reason: string | null;
}
const NOTHING: Recovery = { actions: [], events: [], reason: null };

/**
 * Decides who leads a shard if the wanted primary doesn't:
 *   - the engines have another primary (by an order, a Sentinel's choice, or the cluster's own vote): believe
 *     them, even if the former one comes back meanwhile;
 *   - the primary is dead, silent or no longer a primary: of the replicas that have synced, the one with the
 *     best offset takes over. If the primary is dead and none has synced, the primary starts again if its files
 *     hold its data; otherwise one with data from before a reboot takes over; if no node holds data, a running one leads empty, and if none is left, a dead primary starts again
 *     in place.
 * One order at a time, and none while a Sentinel is failing over.
 */
export function planRecovery(cache: CacheModel, shard: ShardModel, now: Date): Recovery {
	const primary = primaryOf(shard);
	if (primary === undefined) return NOTHING;
	const siblings = shard.nodes.filter((node) => node.id !== primary.id);
	const leaders = siblings.filter(
		(node) => isServingPrimary(node, shard) && !isSilent(node) && leadsShard(node, shard),
	);
	const answers = (primary.observation?.silentSince ?? null) === null;
	if (isServingPrimary(primary, shard) && !isSilent(primary) && answers) {
		// It is back after another was promoted in its place: if it led again, the writes that the new one has taken
		// would be lost.
		const heir = leaders.find((node) => node.id === shard.ledBy);
		return heir === undefined ? NOTHING : adopt(heir);
	}
	const elected = leaders.sort(byOffset)[0];
	if (elected !== undefined) {
		if (shard.order?.fresh === true) return NOTHING;
		return adopt(elected);
	}
	if (shard.order !== null) return NOTHING;
	// Its data is still in the snapshot, and no client has been told that it is here.
	if (shard.restore !== null) {
		const again = { kind: "permit-launch", nodeId: primary.id } as const;
		return isDead(primary) ? { ...NOTHING, actions: [again] } : NOTHING;
	}
	if (isDead(primary) && holdsNothing(cache, shard, primary)) {
		return { ...NOTHING, actions: [{ kind: "permit-launch", nodeId: primary.id }] };
	}
	if (isHung(primary, now) && siblings.some(canTakeOver)) {
		return {
			...NOTHING,
			actions: [{ kind: "end-hung", nodeId: primary.id }],
			reason: `${primary.name} on ${primary.host.name} is running but doesn't answer; if that continues, its agent ends it so that a replica can take over`,
		};
	}
	const failure = failureOf(primary, siblings);
	if (failure === null) return NOTHING;
	const candidates = candidatesOf(shard, failure);
	if (candidates.length === 0 || (holdsFiles(primary) && !candidates.some(holdsData))) {
		return failure.fromState === "silent" ? NOTHING : withoutData(cache, shard, primary, failure);
	}
	return takeover(cache, shard, primary, failure, candidates);
}

/**
 * A primary without slots leads nothing: a new node of a cluster starts like that. In a shard that has none, because it
 * is coming or going, it leads if the former primary follows it.
 */
function leadsShard(node: NodeModel, shard: ShardModel): boolean {
	if (node.observation?.engineState?.cluster?.slots !== "") return true;
	const former = primaryOf(shard)?.observation?.engineState?.cluster;
	return shard.slots === "" && former?.primaryNodeId === node.clusterNodeId;
}

/**
 * The shard has no slots yet, or none any more: every host has reported since its primary's end, and the others serve
 * all slots. No vote can elect its primary, and nothing is lost when it starts again empty.
 */
function holdsNothing(cache: CacheModel, shard: ShardModel, primary: NodeModel): boolean {
	if (shard.slots !== "" || isSilent(primary) || !primary.goneForCertain) return false;
	return cache.shards.every((each) => {
		const leader = each.slots === "" ? undefined : primaryOf(each);
		const slots = leader?.observation?.engineState?.cluster?.slots;
		return leader === undefined || (!isSilent(leader) && slots === each.slots);
	});
}

function adopt({ id: nodeId }: NodeModel): Recovery {
	const cause = "the engines made it their primary";
	return { ...NOTHING, actions: [{ kind: "adopt-primary", nodeId, cause }] };
}

interface Failure {
	fromState: "dead" | "demoted" | "lost" | "silent";
	cause: string;
}

/** Why the primary can't stay primary; null while it may still be starting. */
function failureOf(primary: NodeModel, siblings: readonly NodeModel[]): Failure | null {
	const where = `${primary.name} on ${primary.host.name}`;
	if (isDead(primary)) return { fromState: "dead", cause: `${where} exited` };
	if (isSilent(primary)) {
		// Its engine keeps running, and the backstop watches it.
		if (primary.host.needsUpgrade) return null;
		// The person who says that the host won't come back is responsible for an engine that may still answer
		// there.
		const isGivenUp = primary.host.lossConfirmed;
		return {
			fromState: isGivenUp ? "dead" : "silent",
			cause: `${where} can't be reached: the host ${isGivenUp ? "was declared lost" : "is silent"}`,
		};
	}
	const { observation } = primary;
	const state = observation?.phase === "running" ? observation.engineState : null;
	if (state?.role !== "replica" || state.loading) return null;
	// An election or an order demoted it. The node that it follows may be about to say that it is primary.
	const leader = siblings.find((node) =>
		state.cluster === null
			? node.host.address === state.primaryHost && node.port === state.primaryPort
			: node.clusterNodeId === state.cluster.primaryNodeId,
	);
	// It follows no member: in a new cluster every node starts like that (decision 10), and that isn't a
	// failure.
	if (leader === undefined && !primary.hasLed) return null;
	const mayLead =
		leader?.host.online === true &&
		!isDead(leader) &&
		leader.observation?.engineState?.role !== "replica";
	if (mayLead) return null;
	return { fromState: "demoted", cause: `${where} is a replica` };
}

function candidatesOf(shard: ShardModel, { fromState }: Failure): NodeModel[] {
	const synced = shard.nodes.filter(canTakeOver);
	const kept = shard.nodes.filter((node) => holdsKeptData(node) && !isSilent(node));
	return (synced.length === 0 && fromState === "dead" ? kept : synced).sort(byOffset);
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
	const isAsked = cache.automaticFailover || cache.promotionRequested;
	if (!isAsked && fromState !== "lost") {
		// A silent host's engine may not be dead.
		if (isSilent(primary)) return NOTHING;
		return {
			...NOTHING,
			reason: `${cause}. ${best?.name} holds the data, but automatic failover is off: promote a replica to continue.`,
		};
	}
	const alone = cache.clusterMode === "enabled" && !canVote(cache);
	// Without a vote, only certainty keeps two nodes from owning the same slots.
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
				takeover: alone || fromState === "lost",
				cause,
			},
		],
		reason: shard.orderProblem === null ? null : `${cause}; ${shard.orderProblem.message}`,
	};
}

/** Whether a majority of the cluster's primaries is there to elect another one. */
function canVote(cache: CacheModel): boolean {
	// Primaries without slots don't vote.
	const shards = cache.shards.filter(({ slots }) => slots !== "");
	const voters = shards.filter((shard) => {
		const primary = primaryOf(shard);
		if (primary === undefined) return false;
		return primary.host.needsUpgrade || (isServingPrimary(primary, shard) && !isSilent(primary));
	});
	return voters.length > shards.length / 2;
}

/** It is dead, but a start in place brings back all that it has acknowledged: no node that hasn't synced has more. */
function holdsFiles(primary: NodeModel): boolean {
	return isDead(primary) && !isSilent(primary) && primary.observation?.persisted === true;
}

/** Has synced, on a host that can get an order. */
function canTakeOver(node: NodeModel): boolean {
	return holdsData(node) && !isSilent(node);
}

/**
 * No node is known to hold the data. Reports age, so every living member is asked before anything starts
 * empty: the order that asks them promotes one that has synced after all, and otherwise an empty one.
 */
function withoutData(
	cache: CacheModel,
	shard: ShardModel,
	primary: NodeModel,
	{ cause }: Failure,
): Recovery {
	// A host restarts its replicas by itself, so its last report about one is outdated once it is silent. The same goes
	// for a node that its host hasn't reported yet.
	const mayLive = (node: NodeModel) =>
		mayHoldData(node) || (node !== primary && (isSilent(node) || node.observation === null));
	const living = shard.nodes.filter((node) => mayLive(node) && !node.host.lossConfirmed);
	const hidden = living.filter((node) => !isServing(node) || isSilent(node));
	if (hidden.length > 0) {
		const names = hidden.map((node) => `${node.name} on ${node.host.name}`).join(", ");
		const remedy = hidden.some(isSilent)
			? `can't be seen. ${agentRemedy(hidden.map(({ host }) => host))}`
			: "doesn't answer yet.";
		return { ...NOTHING, reason: `${cause}, and ${names} may hold its data but ${remedy}` };
	}
	const seemGone = shard.nodes.filter(
		(node) => node !== primary && !node.host.lossConfirmed && !living.includes(node),
	);
	if (seemGone.length > 0 && isDead(primary) && !isSilent(primary) && !primary.goneForCertain) {
		return { ...NOTHING, reason: `${cause}; Larder waits for the other hosts' reports` };
	}
	if (living.length > 0 && !holdsFiles(primary)) {
		return takeover(cache, shard, primary, { fromState: "lost", cause }, living.sort(byOffset));
	}
	if (isSilent(primary)) return NOTHING;
	// No member has newer data, so starting it in place loses nothing that isn't already lost.
	return { ...NOTHING, actions: [{ kind: "permit-launch", nodeId: primary.id }] };
}

function byOffset(a: NodeModel, b: NodeModel): number {
	return offsetOf(b) - offsetOf(a);
}

function offsetOf(node: NodeModel): number {
	return node.observation?.engineState?.offset ?? 0;
}
