import type { ScalingTrigger } from "../../../../../server/contract/enums.ts";
import type { ScalingDecision } from "../../../../../server/contract/serverless.ts";

export const TRIGGER_WORDS: Readonly<Record<ScalingTrigger, string>> = {
	storage: "Data",
	cpu: "Processor",
	ecpu: "Requests",
	limits: "Limits",
	idle: "Idle",
};

export interface ScalingMove {
	direction: "up" | "down";
	/** up and down: more or less memory. out and in: more or fewer processes. */
	word: "Scaled up" | "Scaled down" | "Scaled out" | "Scaled in";
}

/** A change of both counts as one of the number of processes, which is the larger step. */
export function moveOf({ from, to }: Pick<ScalingDecision, "from" | "to">): ScalingMove {
	if (to.shards > from.shards) return { direction: "up", word: "Scaled out" };
	if (to.shards < from.shards) return { direction: "down", word: "Scaled in" };
	return to.memoryBytes >= from.memoryBytes
		? { direction: "up", word: "Scaled up" }
		: { direction: "down", word: "Scaled down" };
}
