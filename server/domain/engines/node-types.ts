import { GIB } from "../../contract/limits.ts";
import type { RateCard } from "../../contract/node-type.ts";
import type { NodeTypeSize } from "../../contract/node-type-catalog.ts";

/** Cost of one node for an hour, in the rate card's currency. It charges for the CPU and memory that placement counts. */
export function hourlyCost(size: NodeTypeSize, rateCard: RateCard): number {
	return (
		(size.cpuMillis / 1_000) * rateCard.perVcpuHour + (size.memoryBytes / GIB) * rateCard.perGibHour
	);
}
