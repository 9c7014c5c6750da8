import type { ProgressStep, StepState } from "../../contract/index.ts";

/** The steps of a creation, in order, in the words that people read; the first has begun. `now` is ISO 8601. */
export function creationSteps(replicasPerShard: number, now: string): ProgressStep[] {
	const names = ["Place nodes", "Start engines"];
	if (replicasPerShard > 0) names.push("Connect replicas");
	names.push("Ready");
	return advance(names.map(pendingStep), 0, "running", now);
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
