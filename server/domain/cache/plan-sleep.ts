import { awaitsPrimaries } from "./awaits-primaries.ts";
import type { CacheModel, NodeModel, Plan, PlanAction, PlanEvent } from "./model.ts";
import { allNodes } from "./model.ts";
import { isDead, isSilent } from "./node-health.ts";
import { isOtherEngine, isOutOfZone } from "./node-kind.ts";
import { areNodesChanging, planPending } from "./plan-pending.ts";
import type { SleepStep } from "./sleep-model.ts";

const MINUTE_MS = 60_000;
/** What has just changed may not be over. */
const QUIET_MS = 20_000;
/** A gigabyte loads in a few seconds. */
const WAKES_WITHIN_MS = 60_000;

/** What a pass does with a cache that isn't awake. */
export type SleepPlan = Pick<Plan, "status" | "statusReason" | "actions">;

/**
 * A serverless cache with `scaleToZero`:
 *
 *   awake ──no client for so long, nothing to do──> falling-asleep ──all nodes ended, their data verified──> asleep
 *     ^                                                  │ someone needs it                                    │
 *     └────────────all nodes serve──────── waking <──────┴─────────────someone needs it────────────────────────┘
 *
 * Replicas end before their primaries, so that nothing fails over meanwhile.
 */
export function planFallingAsleep(cache: CacheModel, plan: Plan): PlanAction[] {
	const { elastic, sleep } = cache;
	if (elastic === null || sleep.afterMinutes === null) return [];
	const { idleMs } = elastic;
	const isNeeded = sleep.wakeReason !== null || plan.status !== "available";
	// A cache that can't grow keeps trying to.
	if (isNeeded || plan.actions.some(({ kind }) => kind !== "scale")) return [];
	if (cache.quietForMs < QUIET_MS && plan.actions.length === 0) return [];
	if (idleMs === null || idleMs < sleep.afterMinutes * MINUTE_MS) return [];
	return [stepTo({ to: replicasOf(cache).length > 0 ? "replicas" : "primaries" })];
}

/** Of a cache that is falling asleep or sleeps. */
export function planSleep(cache: CacheModel, now: Date): SleepPlan {
	const needed = whyAwake(cache, now);
	if (needed !== null) {
		const statusReason = `The cache is waking: ${needed}.`;
		return { status: "modifying", statusReason, actions: [stepTo({ to: "wake", reason: needed })] };
	}
	const { sleep } = cache;
	if (sleep.state === "asleep") {
		const since = sleep.since?.slice(0, 19).replace("T", " ");
		return {
			status: "available",
			statusReason: `Asleep since ${since} UTC. The next connection to an endpoint wakes it.`,
			actions: [],
		};
	}
	return {
		status: "modifying",
		statusReason: "The cache is falling asleep: its nodes save their data and end.",
		actions: nextToSleep(cache),
	};
}

/** Of a cache that wakes, given the plan for its nodes: until they all serve, or for a minute, that isn't a failure. */
export function planWaking(cache: CacheModel, plan: Plan, now: Date): Plan {
	const { sleep } = cache;
	const left = allNodes(cache).some(({ asleep }) => asleep);
	const isAwake = plan.status === "available" && !left;
	const reason = sleep.wakeReason ?? "it is needed";
	const isLate = now.getTime() - Date.parse(sleep.since ?? "") > WAKES_WITHIN_MS;
	const mayWake = left && (isLate || !awaitsPrimaries(cache));
	const step: SleepStep[] = isAwake ? [{ to: "awake" }] : mayWake ? [{ to: "wake", reason }] : [];
	const actions = [...plan.actions, ...step.map(stepTo)];
	// The last step says that it is awake.
	if (isAwake)
		return { ...plan, actions, events: plan.events.filter((each) => !isStatusEvent(each)) };
	if (isLate) return { ...plan, actions };
	return {
		...plan,
		...{ status: "modifying", actions },
		statusReason: `The cache is ${cache.modeChange === null ? "waking" : "changing to cluster mode"}: its nodes start and load their data.`,
		events: plan.events.filter((each) => !isStatusEvent(each)),
	};
}

export function isStatusEvent({ type }: PlanEvent): boolean {
	return /^cache\.(recovered|degraded|unavailable)$/.test(type);
}

function nextToSleep(cache: CacheModel): PlanAction[] {
	const nodes = allNodes(cache);
	const replicas = replicasOf(cache);
	if (replicas.some(({ asleep }) => !asleep)) return [stepTo({ to: "replicas" })];
	if (!replicas.every(isAsleep)) return [];
	if (nodes.some(({ asleep }) => !asleep)) return [stepTo({ to: "primaries" })];
	return nodes.every(isAsleep) ? [stepTo({ to: "asleep" })] : [];
}

/** Who needs the cache, as a clause; null for nobody. */
function whyAwake(cache: CacheModel, now: Date): string | null {
	const { sleep, elastic } = cache;
	if (sleep.wakeReason !== null) return sleep.wakeReason;
	if (cache.modeChange !== null) return "its protocol should change";
	if (sleep.afterMinutes === null) return "scaleToZero was turned off";
	const needed = whyNeeded(cache, now);
	if (needed !== null) return needed;
	const troubled = allNodes(cache).find((node) => node.asleep && isDead(node));
	if (troubled !== undefined) return `${troubled.name} ended without its data`;
	return sleep.state === "falling-asleep" ? whyNotAsleep(cache, elastic?.idleMs ?? null) : null;
}

/** What else should be done to its nodes, as a clause; null for nothing. */
export function whyNeeded(cache: CacheModel, now: Date): string | null {
	const isAsked = areNodesChanging(cache) || planPending(cache, now).length > 0;
	if (isAsked || cache.shards.some(({ failover }) => failover !== null)) {
		return "a change was requested";
	}
	const leaving = allNodes(cache).find((node) => mustLeave(cache, node));
	return leaving === undefined ? null : `${leaving.name} must leave ${leaving.host.name}`;
}

function whyNotAsleep(cache: CacheModel, idleMs: number | null): string | null {
	if (idleMs === 0) return "a client has connected";
	for (const node of allNodes(cache)) {
		const where = `${node.name} on ${node.host.name}`;
		if (isSilent(node)) return `${where} can't be seen`;
		const reason = node.asleep ? (node.observation?.reason ?? null) : null;
		if (reason !== null) return `${where}: ${reason.message}`;
		if (hasRefused(node)) return `${where} has a client, or couldn't save its data`;
	}
	return null;
}

/** It was told to end, and runs as before. */
export function hasRefused({ asleep, reboot, observation }: NodeModel): boolean {
	return asleep && observation?.phase === "running" && observation.reboot >= reboot;
}

function mustLeave(cache: CacheModel, node: NodeModel): boolean {
	const { draining, lost, lossConfirmed } = node.host;
	const isOther = isOtherEngine(cache, node) || isOutOfZone(cache, node);
	return draining || lost || lossConfirmed || isOther || node.replacesNodeId !== null;
}

/** Its host says that it has ended with its data. */
export function isAsleep({ asleep, observation }: NodeModel): boolean {
	return asleep && observation?.asleep === true;
}

export function replicasOf({ shards }: CacheModel): NodeModel[] {
	return shards.flatMap(({ nodes, primaryNodeId }) =>
		nodes.filter(({ id }) => id !== primaryNodeId),
	);
}

export function stepTo(step: SleepStep): PlanAction {
	return { kind: "sleep", step };
}
