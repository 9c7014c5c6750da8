import type { ProgressStep, StepState } from "../../contract/index.ts";
import { isOperationStep } from "../operation/operation-progress.ts";
import { type CacheModel, type NodeModel, primaryOf, type ShardModel } from "./model.ts";
import { isMoveStep } from "./move-progress.ts";
import { isHealthy, isRebooting, isSettled } from "./node-health.ts";
import { visibleNodes } from "./node-pairs.ts";
import { pendingStep } from "./progress.ts";
import { isSizeStep } from "./size-progress.ts";

// A reboot has a step for each node. It ends when the node is back in its role and in sync, not when its process has
// started: a replica that copies what it has missed is part of the requested reboot, not a failure.

/** The steps of a reboot of these nodes, in order, after the unfinished steps of other changes. */
export function rebootSteps(
	progress: readonly ProgressStep[],
	names: readonly string[],
): ProgressStep[] {
	// A change that is under way keeps its finished steps, too.
	const kept = [isSizeStep, isMoveStep, isOperationStep].flatMap((isOwn) => {
		const own = progress.filter(isOwn);
		return own.some(({ state }) => state !== "done") ? own : [];
	});
	const reboots = progress.filter(
		({ node, state }) => node !== null && state !== "done" && !names.includes(node),
	);
	return [...kept, ...reboots, ...names.map((node) => pendingStep(`Reboot ${node}`, node))];
}

/** Advances the steps as far as the nodes have come. `now` is ISO 8601. */
export function advanceReboots(cache: CacheModel, now: string): ProgressStep[] {
	return cache.progress.map((step) => {
		const state = stateOf(cache, step);
		if (state === step.state) return step;
		if (state === "pending") return { ...step, state };
		const startedAt = step.startedAt ?? now;
		return { ...step, state, startedAt, finishedAt: state === "done" ? now : null };
	});
}

/** Nodes whose reboot isn't over, whether or not their turn has come. */
export function rebootsUnderWay(cache: CacheModel): NodeModel[] {
	return cache.progress.flatMap((step) => {
		if (step.node === null || stateOf(cache, step) === "done") return [];
		return memberOf(cache, step)?.node ?? [];
	});
}

/** Whether a requested reboot is the only reason why the shard isn't complete. */
export function isInReboot(cache: CacheModel, shard: ShardModel): boolean {
	const underWay = rebootsUnderWay(cache);
	if (!shard.nodes.some((node) => underWay.includes(node))) return false;
	const primary = primaryOf(shard);
	const isMeant = primary === undefined || isHealthy(primary, shard) || underWay.includes(primary);
	return isMeant && shard.nodes.every((node) => isHealthy(node, shard) || isOnItsWay(node));
}

/** Nothing has gone wrong with it: it ends, starts, loads or copies. */
function isOnItsWay(node: NodeModel): boolean {
	const { host, observation } = node;
	if (!host.online || observation === null || observation.reason !== null) return false;
	return observation.phase !== "exited" || isRebooting(node);
}

function stateOf(cache: CacheModel, step: ProgressStep): StepState {
	if (step.node === null || step.state === "done") return step.state;
	const member = memberOf(cache, step);
	if (member === undefined) return "done";
	const { node, shard } = member;
	if (node.rebootPending) return "pending";
	if (isSettled(node, shard, cache)) return "done";
	return node.observation?.reason == null ? "running" : "waiting";
}

function memberOf(cache: CacheModel, step: ProgressStep) {
	for (const shard of cache.shards) {
		const found = visibleNodes(shard).find(({ node }) => node.name === step.node);
		if (found !== undefined) return { node: found.node, shard };
	}
	return undefined;
}
