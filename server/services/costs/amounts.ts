import type { UsageAmounts } from "../../contract/usage.ts";
import { gbHours } from "../../domain/metering/cost.ts";

interface Sum {
	readonly storedByteSeconds: number;
	readonly ecpus: number;
	readonly nodeSeconds: number;
	readonly cost: number;
}

/** Usage as the API shows it: without the noise of sums of fractions. */
export function toAmounts({ storedByteSeconds, ecpus, nodeSeconds, cost }: Sum): UsageAmounts {
	return {
		dataStorageGbHours: rounded(gbHours(storedByteSeconds)),
		ecpus: rounded(ecpus),
		nodeHours: rounded(nodeSeconds / 3_600),
		cost: rounded(cost),
	};
}

export function rounded(value: number): number {
	return Number(value.toFixed(9));
}
