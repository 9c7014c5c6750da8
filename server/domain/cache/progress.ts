import type { ClusterMode, Engine, ProgressStep, StepState } from "../../contract/index.ts";

/** What a creation waits for after its engines have started, in order; each is a step. */
export interface CreationShape {
	engine: Engine;
	clusterMode: ClusterMode;
	replicasPerShard: number;
}

/** The steps of a creation, in order, in the words that people read; the first has begun. `now` is ISO 8601. */
export function creationSteps(shape: CreationShape, now: string): ProgressStep[] {
	const names = [PLACE, START, ...(joiningStep(shape) ?? []), OPEN, "Ready"];
	return advance(names.map(pendingStep), 0, "running", now);
}

const PLACE = "Place nodes";
const START = "Start engines";
const OPEN = "Open endpoints";

function joiningStep({ clusterMode, replicasPerShard }: CreationShape): [string] | null {
	if (clusterMode === "enabled") return ["Form the cluster"];
	return replicasPerShard > 0 ? ["Connect replicas"] : null;
}

/** How many steps of a creation are done, by what has been reached. */
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

function pendingStep(step: string): ProgressStep {
	return { step, state: "pending", startedAt: null, finishedAt: null };
}

/**
 * Marks the first `doneCount` steps done and gives the next one `current`; times are kept once they are set.
 * `now` is ISO 8601.
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
		if (index === doneCount) return { ...step, state: current, startedAt: step.startedAt ?? now };
		return { ...step, state: "pending" };
	});
}
