import type { ProgressStep } from "../../contract/index.ts";
import type { Operation } from "../../contract/operation.ts";
import { allNodes, type CacheModel, type Plan } from "./model.ts";
import { advance, pendingStep } from "./progress.ts";

const PREPARE = "Prepare the endpoints";
const SAVE = "Save the data and stop the nodes";
const START = "Start the nodes in cluster mode";
const STEPS = [PREPARE, SAVE, START];

/** The steps of a change to cluster mode. */
export function modeSteps(): ProgressStep[] {
	return STEPS.map((name) => pendingStep(name));
}

function isModeStep({ step, node }: Pick<ProgressStep, "step" | "node">): boolean {
	return node === null && STEPS.includes(step);
}

/** The plan with the change's steps as far as it has come. `now` is ISO 8601. */
export function advanceMode(cache: CacheModel, plan: Plan, now: string): Plan {
	const own = plan.progress.filter(isModeStep);
	if (own.every(({ state }) => state === "done")) return plan;
	const advanced = advance(own, stepsDone(cache), "running", now);
	const progress = plan.progress.map((step) => advanced[own.indexOf(step)] ?? step);
	return { ...plan, progress };
}

function stepsDone(cache: CacheModel): number {
	const { modeChange, sleep } = cache;
	// Given up, or done.
	if (modeChange === null) return STEPS.length;
	if (cache.clusterMode === "enabled") return STEPS.indexOf(START);
	const isStopping = sleep.state === "falling-asleep" && allNodes(cache).some(isTold);
	return STEPS.indexOf(isStopping ? SAVE : PREPARE);
}

function isTold({ asleep }: { asleep: boolean }): boolean {
	return asleep;
}

/** The change as the API shows it; null for none. */
export function modeView(cache: CacheModel): Operation | null {
	if (cache.modeChange === null) return null;
	const { id, startedAt } = cache.modeChange;
	return {
		...{ id, kind: "modify", state: "running" },
		steps: cache.progress
			.filter(isModeStep)
			.map(({ step, state, startedAt: since, finishedAt }) => ({
				...{ step, state, startedAt: since, finishedAt },
			})),
		percent: Math.floor((stepsDone(cache) / STEPS.length) * 100),
		...{ slots: null, moves: [], data: null, problem: cache.blocks[0]?.reason ?? null },
		...{ startedAt, estimatedEndAt: null, cancellable: cache.clusterMode === "disabled" },
	};
}
