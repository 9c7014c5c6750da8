import { advanceOperation } from "../operation/advance-operation.ts";
import { advanceOperationSteps } from "../operation/operation-progress.ts";
import { blockedReason, standingBlocks } from "./blocks.ts";
import { advanceMode } from "./mode-progress.ts";
import type { CacheModel, NodeModel, OperationStep, Plan, PlanAction } from "./model.ts";
import { allNodes } from "./model.ts";
import { advanceMoves } from "./move-progress.ts";
import { agentRemedy } from "./node-label.ts";
import { planBalance } from "./plan-balance.ts";
import { detachFirst } from "./plan-detaching.ts";
import { planDiscovery } from "./plan-discovery.ts";
import { planFailover, planForgetting } from "./plan-failover.ts";
import { planKind } from "./plan-kind.ts";
import { planMode, planModeStart } from "./plan-mode.ts";
import { planPending } from "./plan-pending.ts";
import { planReboots } from "./plan-reboots.ts";
import { planRecovery, type Recovery } from "./plan-recovery.ts";
import { planReplacements } from "./plan-replacements.ts";
import { planRestore } from "./plan-restore.ts";
import { planScaling } from "./plan-scaling.ts";
import { isSized, planSize } from "./plan-size.ts";
import { planFallingAsleep, planSleep, planWaking } from "./plan-sleep.ts";
import { planStatus, type Reached, statusEvents, whatIsReached } from "./plan-status.ts";
import { advance, creationStepsDone } from "./progress.ts";
import { advanceReboots } from "./reboot-progress.ts";
import { advanceSize } from "./size-progress.ts";
import { type FleetRoom, roomOf } from "./zone-spread.ts";

/**
 * Compares the desired state of one cache with what its nodes report, and returns the status to show and the actions to
 * take. Pure: same model and time, same plan. Called again after every change, so an action that a crash interrupted is
 * simply planned again.
 *
 *   1. deleting: take the nodes out of their hosts' desired state, wait for the hosts to confirm, forget the cache
 *   2. no nodes yet: place them; no endpoint ports (or ones that something else holds): assign them
 *   3. a node's port that something else holds: give the node another port; data of a snapshot: see plan-restore.ts
 *   4. a shard's primary is dead, or the engines have chosen another: see plan-recovery.ts
 *   5. requested failovers: see plan-failover.ts
 *   6. nodes that others should replace (drains, lost hosts, zones, another engine): see plan-replacements.ts
 *   7. more nodes wanted than there are, or fewer: see plan-size.ts; how replicas leave: see plan-detaching.ts
 *   8. a change of shards or slots: see domain/operation
 *   9. nodes that can be changed in place to the wanted node type or engine: see plan-kind.ts
 *  10. requested reboots: see plan-reboots.ts
 *  11. changes that have waited: see plan-pending.ts
 *  12. primaries that have gathered in one zone: see plan-balance.ts
 *  13. Memcached: name the ready nodes to auto discovery
 *  14. status from the nodes: see plan-status.ts
 *
 * A serverless cache that needs another capacity gets it first: see plan-scaling.ts. One that may sleep does so when there
 * is nothing else to do: see plan-sleep.ts. So does a cache that should change to cluster mode: see plan-mode.ts.
 */
export function planCache(cache: CacheModel, now: Date, room: FleetRoom = roomOf(cache)): Plan {
	if (cache.deleting) return planDeletion(cache, now);
	if (allNodes(cache).length === 0) return heldUp(cache, planPlacement(cache, now));
	return savedFirst(cache, planLiving(cache, now, room));
}

/** It serves until its last snapshot exists; then it is deleted. */
function savedFirst(cache: CacheModel, plan: Plan): Plan {
	if (cache.finalSnapshotId === null) return plan;
	const reason = "Its final snapshot is being taken. Then the cache will be deleted.";
	const statusReason = [reason, plan.statusReason ?? ""].join(" ").trim();
	const events = plan.events.filter(({ type }) => type !== "cache.recovered");
	return { ...plan, status: "deleting", statusReason, events };
}

function planLiving(cache: CacheModel, now: Date, room: FleetRoom): Plan {
	return heldUp(cache, advanceMode(cache, planByState(cache, now, room), now.toISOString()));
}

function planByState(cache: CacheModel, now: Date, room: FleetRoom): Plan {
	switch (cache.sleep.state) {
		case null: {
			const plan = planLife(cache, now, room);
			if (cache.modeChange !== null) return planModeStart(cache, plan, now);
			return { ...plan, actions: [...plan.actions, ...planFallingAsleep(cache, plan)] };
		}
		case "falling-asleep":
		case "asleep": {
			const next = cache.sleep.becomesCluster ? planMode : planSleep;
			return { ...unchanged(cache), ...next(cache, now) };
		}
		case "waking":
			return planWaking(cache, planLife(cache, now, room), now);
	}
}

function planPlacement(cache: CacheModel, now: Date): Plan {
	return {
		...unchanged(cache),
		statusReason: null,
		progress: advance(cache.progress, 0, "running", now.toISOString()),
		actions: [{ kind: "place" }],
	};
}

/** Says what blocks the plan's steps, until they succeed or are no longer needed. */
function heldUp(cache: CacheModel, plan: Plan): Plan {
	const blocks = standingBlocks(cache, plan.actions);
	const reason = blockedReason(cache, plan.actions);
	if (reason === null) return { ...plan, blocks };
	const progress = plan.progress.map((step) =>
		step.state === "running" ? { ...step, state: "waiting" as const } : step,
	);
	return { ...plan, blocks, statusReason: reason, progress };
}

function planLife(cache: CacheModel, now: Date, room: FleetRoom): Plan {
	const recoveries = planRecoveries(cache, now);
	const replacements = planReplacements(cache, room);
	const restore = planRestore(cache);
	const loaded = restore.isLoaded ? withoutRestores(cache) : cache;
	const reached = whatIsReached(loaded);
	const step = advanceOperation(cache, now);
	// The status counts the slots that this pass records.
	const reachedStatus = planStatus(withSlots(loaded, step), reached, [
		...recoveries.flatMap(({ reason }) => reason ?? []),
		...replacements.reasons,
		...restore.reasons,
	]);
	// The next pass makes it available: from then on, a primary that dies doesn't load the snapshot again.
	const isRestored = restore.isLoaded && reachedStatus.status === "available";
	const status = isRestored ? { status: "creating" as const, statusReason: null } : reachedStatus;
	const becameAvailable = status.status === "available" && !cache.everAvailable;
	const resized = cache.resizing && isSized(cache);
	return {
		...status,
		progress: planProgress(cache, reached, becameAvailable, now),
		becameAvailable,
		resized,
		blocks: [],
		actions: detachFirst(cache, [
			...planScaling(cache, now),
			...planPorts(cache),
			...recoveries.flatMap(({ actions }) => actions),
			...restore.actions,
			...(isRestored ? [{ kind: "finish-restore" } as const] : []),
			...cache.shards.flatMap((shard) => planFailover(cache, shard)),
			...cache.shards.flatMap(planForgetting),
			...replacements.actions,
			...planSize(cache, now),
			...(step === null ? [] : [{ kind: "advance-operation", step } as const]),
			...planKind(cache, room),
			...planReboots(cache),
			...planPending(cache, now),
			...(replacements.actions.length === 0 ? planBalance(cache) : []),
			...planDiscovery(cache),
		]),
		events: [
			...recoveries.flatMap(({ events }) => events),
			...replacements.events,
			...statusEvents(cache, status),
		],
	};
}

/** The cache as it is once its restore is over. */
function withoutRestores(cache: CacheModel): CacheModel {
	return { ...cache, shards: cache.shards.map((shard) => ({ ...shard, restore: null })) };
}

function withSlots(cache: CacheModel, step: OperationStep | null): CacheModel {
	if (step === null) return cache;
	const shards = cache.shards.map((shard) => ({
		...shard,
		slots: step.slots[shard.id] ?? shard.slots,
	}));
	return { ...cache, shards };
}

/**
 * One election at a time in a cluster: each primary has one vote for all simultaneous elections, and a replica that
 * doesn't get it may ask again only seconds later.
 */
function planRecoveries(cache: CacheModel, now: Date): Recovery[] {
	const recoveries = cache.shards.map((shard) => planRecovery(cache, shard, now));
	if (cache.clusterMode === "disabled") return recoveries;
	let electing = cache.shards.some((shard) => shard.order?.kind === "unplanned");
	return recoveries.map((recovery) => ({
		...recovery,
		actions: recovery.actions.filter((action) => {
			if (action.kind !== "order-failover" || action.takeover) return true;
			const first = !electing;
			electing = true;
			return first;
		}),
	}));
}

function unchanged(cache: CacheModel): Plan {
	return {
		status: cache.status,
		statusReason: cache.statusReason,
		progress: [...cache.progress],
		becameAvailable: false,
		resized: false,
		blocks: [],
		actions: [],
		events: [],
	};
}

/** Doesn't wait for lost hosts: they remove their nodes when they return. */
function planDeletion(cache: CacheModel, now: Date): Plan {
	const base = { ...unchanged(cache), status: "deleting" as const };
	const nodes = allNodes(cache);
	const namesOf = (some: readonly NodeModel[]) =>
		[...new Set(some.map((node) => node.host.name))].join(", ");
	if (nodes.every((node) => node.removed && node.host.lost)) {
		const lost = namesOf(nodes);
		const later = lost === "" ? "" : ` Its nodes on ${lost} will be removed when they return.`;
		const message = `Cache ${cache.name} deleted.${later}`;
		return {
			...base,
			statusReason: null,
			actions: [{ kind: "forget" }],
			events: [{ severity: "info", type: "cache.deleted", message }],
		};
	}
	const awaited = nodes.filter((node) => !node.host.online && !node.host.lost);
	const silent = namesOf(awaited);
	return {
		...base,
		progress: advance(cache.progress, 0, silent === "" ? "running" : "waiting", now.toISOString()),
		statusReason:
			silent === ""
				? "Hosts are stopping the engines and removing their files."
				: `Waiting for ${silent} to return and remove its nodes. ${agentRemedy(awaited.map(({ host }) => host))} Once Larder counts a host as lost, deletion finishes without it. If the host won't come back, remove it as lost.`,
		actions: nodes.some((node) => !node.removed) ? [{ kind: "remove-nodes" }] : [],
	};
}

/**
 * A port changes only while no client knows it: before the cache is first available, or before the node first starts.
 */
function planPorts(cache: CacheModel): PlanAction[] {
	if (cache.port === null) return [{ kind: "assign-ports" }];
	const nodes = allNodes(cache)
		.filter((node) => !cache.everAvailable || node.observation?.launchPermit === -1)
		.filter((node) => node.observation?.reason?.code === "port-taken")
		// Reported about its current port, not the former one.
		.filter((node) => node.observation?.port === node.port)
		.map((node) => ({ kind: "move-port", nodeId: node.id }) as const);
	return [...(mayChangeEndpoints(cache) ? [{ kind: "assign-ports" } as const] : []), ...nodes];
}

/** A gateway can't listen on an endpoint's port, and the user didn't insist on that port. */
function mayChangeEndpoints(cache: CacheModel): boolean {
	if (cache.everAvailable) return false;
	return cache.gateways.some(
		({ problem }) =>
			problem?.code === "port-taken" && !(cache.portRequested && problem.port === cache.port),
	);
}

function planProgress(cache: CacheModel, reached: Reached, becameAvailable: boolean, now: Date) {
	const at = now.toISOString();
	if (cache.everAvailable) {
		const nodes = advanceMoves(cache, advanceReboots(cache, at), at);
		return advanceOperationSteps(cache, advanceSize(cache, nodes, at), at);
	}
	if (becameAvailable) return advance(cache.progress, cache.progress.length, "done", at);
	const blocked =
		allNodes(cache).some((node) => node.observation?.reason != null || !node.host.online) ||
		cache.gateways.some((gateway) => gateway.problem !== null);
	return advance(
		cache.progress,
		creationStepsDone(cache.progress, reached),
		blocked ? "waiting" : "running",
		at,
	);
}
