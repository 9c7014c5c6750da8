import type { ScalingDecision } from "../../../../../server/contract/serverless.ts";
import type { ChartMark } from "../../../../_ui/charts/time-series-chart.tsx";
import { moveOf } from "./scaling-words.ts";

/** A mark this near to the pointer, as a share of the span, is meant. */
const NEAR_SHARE = 0.012;

export function marksOf(
	decisions: readonly ScalingDecision[],
	pointedAt: string | null,
): ChartMark[] {
	return decisions.map((decision) => ({
		seconds: Date.parse(decision.at) / 1_000,
		direction: moveOf(decision).direction,
		isActive: decision.at === pointedAt,
	}));
}

/** The decision whose mark is under the pointer, in a chart that spans so many seconds; null for none. */
export function decisionNear(
	decisions: readonly ScalingDecision[],
	seconds: number | null,
	spanSeconds: number,
): ScalingDecision | null {
	if (seconds === null) return null;
	let nearest: ScalingDecision | null = null;
	let least = spanSeconds * NEAR_SHARE;
	for (const decision of decisions) {
		const distance = Math.abs(Date.parse(decision.at) / 1_000 - seconds);
		if (distance > least) continue;
		nearest = decision;
		least = distance;
	}
	return nearest;
}
