import {
	allNodes,
	type CacheModel,
	type GatewayModel,
	type NodeModel,
	type Plan,
	type PlanAction,
	primaryOf,
} from "./model.ts";
import { isDead, isSilent } from "./node-health.ts";
import {
	hasRefused,
	isAsleep,
	isStatusEvent,
	replicasOf,
	type SleepPlan,
	stepTo,
	whyNeeded,
} from "./plan-sleep.ts";

/** Gateways reload and Sentinels forget within a second. */
const PREPARED_WITHIN_MS = 60_000;

/**
 * A change from cluster mode disabled to enabled (docs/decisions/0057-to-cluster-mode-through-sleep.md):
 *
 *   requested ──nothing else to do──> falling-asleep ──all nodes ended, their data verified──> waking in cluster mode
 *       ^                                   │ something else happens                                  │ all nodes serve
 *       └────all nodes serve──── waking <───┘                                                         v
 *                                  │ the change isn't possible                                      (done)
 *                                  └──> (given up)
 *
 * Primaries end before their replicas: an engine that ends lets its replicas catch up first. So until a primary's data is
 * on the disk and has been verified, a replica holds it in memory.
 */
export function planModeStart(
	{ modeChange, finalSnapshotId }: CacheModel,
	plan: Plan,
	now: Date,
): Plan {
	if (plan.status !== "available" || finalSnapshotId !== null) return plan;
	const isEarly = now.getTime() < Date.parse(modeChange?.notBefore ?? "");
	// A cache that can't grow keeps trying to.
	const isFree = !isEarly && plan.actions.every(({ kind }) => kind === "scale");
	return {
		...plan,
		status: "modifying",
		statusReason: "The cache changes to cluster mode once nothing else is under way.",
		actions: isFree ? [...plan.actions, stepTo({ to: "prepare" })] : plan.actions,
		events: plan.events.filter((each) => !isStatusEvent(each)),
	};
}

/** Of a cache whose nodes end in order to start in cluster mode. */
export function planMode(cache: CacheModel, now: Date): SleepPlan {
	const impossible = cache.modeChange === null ? "it was canceled" : whyImpossible(cache, now);
	const status = "modifying";
	if (impossible !== null) {
		const step = stepTo({ to: "wake", reason: impossible, dropsChange: true });
		return {
			status,
			statusReason: `The cache keeps its cluster mode: ${impossible}.`,
			actions: [step],
		};
	}
	const interrupted = whyInterrupted(cache, now);
	if (interrupted !== null) {
		const statusReason = `The cache will try again to change to cluster mode: ${interrupted}.`;
		return { status, statusReason, actions: [stepTo({ to: "wake", reason: interrupted })] };
	}
	return {
		status,
		statusReason: "The cache is changing to cluster mode: clients wait until its nodes are back.",
		actions: nextStep(cache),
	};
}

function nextStep(cache: CacheModel): PlanAction[] {
	const replicas = replicasOf(cache);
	const primaries = allNodes(cache).filter((node) => !replicas.includes(node));
	if (primaries.some(({ asleep }) => !asleep)) {
		return isPrepared(cache) ? [stepTo({ to: "primaries" })] : [];
	}
	if (!primaries.every(isAsleep)) return [];
	if (replicas.some(({ asleep }) => !asleep)) return [stepTo({ to: "replicas" })];
	// Their data isn't needed unless a primary loses its own: it is verified while primaries load.
	return replicas.every(hasEnded) ? [stepTo({ to: "cluster" })] : [];
}

function hasEnded({ asleep, observation }: NodeModel): boolean {
	return asleep && observation?.phase === "rebooting" && observation.pid === null;
}

/** Clients will wait at the gateways, and no Sentinel will take the end of a primary for a failure. */
function isPrepared({ gateways, mayBeWatched }: CacheModel): boolean {
	const isReady = ({ phase, informed, ready, problem }: GatewayModel) =>
		phase !== "running" || (informed && (ready || problem !== null));
	return !mayBeWatched && gateways.every(isReady);
}

/** What speaks against the change itself, as a clause. */
function whyImpossible(cache: CacheModel, now: Date): string | null {
	for (const node of allNodes(cache)) {
		const where = `${node.name} on ${node.host.name}`;
		const reason = node.observation?.reason ?? null;
		if (node.asleep && reason?.code === "other-databases") return reason.message;
		if (hasRefused(node)) {
			return `${where} has keys in databases other than 0, or couldn't save its data`;
		}
		if (isAsleep(node) && node.observation?.fitsCluster !== true) {
			return `the agent on ${node.host.name} is of an earlier version, which can't do this`;
		}
	}
	const isStuck = now.getTime() - Date.parse(cache.sleep.since ?? "") > PREPARED_WITHIN_MS;
	const isBegun = allNodes(cache).some(({ asleep }) => asleep);
	if (isBegun || !isStuck) return null;
	return "the gateways or Sentinels of a host don't take part";
}

/** What has to be dealt with first, as a clause. */
function whyInterrupted(cache: CacheModel, now: Date): string | null {
	const needed = whyNeeded(cache, now);
	if (needed !== null) return needed;
	for (const node of allNodes(cache)) {
		if (isSilent(node)) return `${node.name} on ${node.host.name} can't be seen`;
		if (isDead(node)) return `${node.name} on ${node.host.name} has ended`;
		const reason = node.asleep ? (node.observation?.reason ?? null) : null;
		if (reason !== null) return reason.message;
		if (!hasItsRole(cache, node)) return "its primary has changed";
	}
	const isFailingOver =
		cache.sentinelFailingOver || cache.shards.some(({ order }) => order !== null);
	return isFailingOver ? "a failover is under way" : null;
}

function hasItsRole(cache: CacheModel, node: NodeModel): boolean {
	const role = node.asleep ? null : (node.observation?.engineState?.role ?? null);
	const leads = cache.shards.some((shard) => primaryOf(shard) === node);
	return role === null || role === (leads ? "primary" : "replica");
}
