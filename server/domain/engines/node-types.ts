import { GIB } from "../../contract/limits.ts";
import type { NodeTypeSize, RateCard } from "../../contract/node-type.ts";

/** Cost of one node for an hour, in the rate card's currency. What placement counts is what is charged. */
export function hourlyCost(size: NodeTypeSize, rateCard: RateCard): number {
	return (
		(size.cpuMillis / 1_000) * rateCard.perVcpuHour + (size.memoryBytes / GIB) * rateCard.perGibHour
	);
}
