import type { ProgressStep } from "../../contract/index.ts";
import type { Operation } from "../../contract/operation.ts";
import { copySeconds } from "./expected-time.ts";
import { allNodes, type CacheModel, primaryOf } from "./model.ts";
import { isReplicaInSync } from "./node-health.ts";
import { pairsOf } from "./node-pairs.ts";
import { pendingStep } from "./progress.ts";
import type { UsedBytes } from "./resize-estimate.ts";

// A person moves nodes to other hosts. Each move is a step; they are carried out one at a time.

const MOVE = /^Move (\S+-\d+) to /;

/** `to` is a host, or "zone" and its name. */
export function moveStep(node: string, to: string): ProgressStep {
	return pendingStep(`Move ${node} to ${to}`);
}

export function isMoveStep(step: Pick<ProgressStep, "step" | "node">): boolean {
	return step.node === null && movedNode(step) !== null;
}

/** The name of the node that the step moves; null for other steps. */
export function movedNode({ step }: Pick<ProgressStep, "step">): string | null {
	return MOVE.exec(step)?.[1] ?? null;
}

/** Ends the steps of nodes that have moved, and starts the first of the others. `now` is ISO 8601. */
export function advanceMoves(cache: CacheModel, steps: ProgressStep[], now: string) {
	const open = steps.filter(
		(step) => isMoveStep(step) && step.state !== "done" && !hasMoved(cache, step),
	);
	return steps.map((step): ProgressStep => {
		if (!isMoveStep(step) || step.state === "done") return step;
		const startedAt = step.startedAt ?? now;
		if (!open.includes(step)) return { ...step, state: "done", startedAt, finishedAt: now };
		return step === open[0] ? { ...step, state: "running", startedAt } : step;
	});
}

function hasMoved(cache: CacheModel, step: ProgressStep): boolean {
	return allNodes(cache)
		.filter(({ name }) => name === movedNode(step))
		.every(({ moveTo, replacesNodeId }) => moveTo === null && replacesNodeId === null);
}

/** The moves that are under way as the API shows them; null for none. */
export function movesView(
	cache: CacheModel,
	id: string,
	usedBytes: UsedBytes,
	now: Date,
): Operation | null {
	const steps = cache.progress.filter(isMoveStep);
	const isOver = steps.every(({ state }) => state === "done");
	if (isOver || allNodes(cache).every(({ moveTo }) => moveTo === null)) return null;
	const shares = steps.map((step) => shareOf(cache, step));
	const percent = Math.floor((shares.reduce((sum, share) => sum + share, 0) / steps.length) * 100);
	const [startedAt = now.toISOString()] = steps.flatMap((step) => step.startedAt ?? []).sort();
	return {
		...{ id, kind: "modify", state: "running" },
		steps: steps.map(({ step, state, startedAt: since, finishedAt }) => ({
			...{ step, state, startedAt: since, finishedAt },
		})),
		percent: Math.min(percent, 99),
		...{ slots: null, moves: [], data: null, problem: cache.blocks[0]?.reason ?? null },
		startedAt,
		estimatedEndAt: endOf(cache, steps, usedBytes, now),
		cancellable: true,
	};
}

/** A node's new process is placed, then copies the data, then takes the node's place. */
function shareOf(cache: CacheModel, step: ProgressStep): number {
	if (step.state === "done") return 1;
	for (const shard of cache.shards) {
		const pair = pairsOf(shard).find(({ outgoing }) => outgoing.name === movedNode(step));
		if (pair === undefined) continue;
		const primary = primaryOf(shard);
		const hasData =
			primary === undefined || primary === pair.incoming || isReplicaInSync(pair.incoming, primary);
		return hasData ? 2 / 3 : 1 / 3;
	}
	return 0;
}

/** Judged by what other moves took; null if the current one is overdue. */
function endOf(
	cache: CacheModel,
	steps: readonly ProgressStep[],
	usedBytes: UsedBytes,
	now: Date,
): string | null {
	const [current, ...later] = steps.filter(({ state }) => state !== "done");
	if (current === undefined) return null;
	const msOf = (step: ProgressStep) => {
		const node = allNodes(cache).find(({ name }) => name === movedNode(step));
		return copySeconds([usedBytes(node?.id ?? "")]) * 1_000;
	};
	const begunAt = current.startedAt === null ? now : new Date(current.startedAt);
	const currentEnd = begunAt.getTime() + msOf(current);
	if (currentEnd < now.getTime()) return null;
	return new Date(later.reduce((sum, step) => sum + msOf(step), currentEnd)).toISOString();
}
