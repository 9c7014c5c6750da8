import type { ClusterMode, Engine, ProgressStep, StepState } from "../../contract/index.ts";

/** What decides which steps a creation has. */
export interface CreationShape {
	engine: Engine;
	clusterMode: ClusterMode;
	replicasPerShard: number;
}

/**
 * The steps of a creation, in order, in the words that people read; the first has started. `now` is ISO 8601.
 */
export function creationSteps(shape: CreationShape, now: string): ProgressStep[] {
	const names = [PLACE, START, ...(joiningStep(shape) ?? []), OPEN, "Ready"];
	return advance(
		names.map((step) => pendingStep(step)),
		0,
		"running",
		now,
	);
}

const PLACE = "Place nodes";
const START = "Start engines";
const OPEN = "Open endpoints";

function joiningStep({ clusterMode, replicasPerShard }: CreationShape): [string] | null {
	if (clusterMode === "enabled") return ["Form the cluster"];
	return replicasPerShard > 0 ? ["Connect replicas"] : null;
}

/** How many steps of a creation are done, according to what has been reached. */
export function creationStepsDone(
	steps: readonly ProgressStep[],
	reached: { started: boolean; joined: boolean; opened: boolean },
): number {
	if (!reached.started) return 1;
	const opening = Math.max(
		steps.findIndex((step) => step.step === OPEN),
		2,
	);
	if (!reached.joined) return Math.min(2, opening);
	return reached.opened ? steps.length - 1 : opening;
}

/** The one step of a deletion: processes, files and ports of every node, on every host. */
export function deletionSteps(): ProgressStep[] {
	return [pendingStep("Remove nodes")];
}

export function pendingStep(step: string, node: string | null = null): ProgressStep {
	return { step, node, state: "pending", startedAt: null, finishedAt: null };
}

/**
 * Marks the first `doneCount` steps done and gives the next one `current`. A step keeps the time of its first start.
 * It gets its end only when it is done, and loses it if it is no longer done. `now` is ISO 8601.
 */
export function advance(
	steps: readonly ProgressStep[],
	doneCount: number,
	current: StepState,
	now: string,
): ProgressStep[] {
	return steps.map((step, index) => {
		if (index < doneCount) {
			return {
				...step,
				state: "done",
				startedAt: step.startedAt ?? now,
				finishedAt: step.finishedAt ?? now,
			};
		}
		if (index === doneCount) {
			return { ...step, state: current, startedAt: step.startedAt ?? now, finishedAt: null };
		}
		return { ...step, state: "pending", finishedAt: null };
	});
}
