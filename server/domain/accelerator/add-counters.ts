import type { AcceleratorCounters } from "../../contract/accelerator-process.ts";

const LATENCIES = ["hitMs", "missMs", "writeMs"] as const;
const COUNTS = [
	...([
		"itemHits",
		"itemMisses",
		"queryHits",
		"queryMisses",
		"writes",
		"passed",
		"failed",
	] as const),
	...(["upstreamCalls", "savedCalls", "savedHalfUnits"] as const),
];

/** The sum of counters of several processes; null for none. */
export function addCounters(
	all: readonly (AcceleratorCounters | null)[],
): AcceleratorCounters | null {
	let sum: AcceleratorCounters | null = null;
	for (const counters of all) {
		if (counters === null) continue;
		if (sum === null) {
			sum = structuredClone(counters);
			continue;
		}
		for (const name of COUNTS) sum[name] += counters[name];
		for (const name of LATENCIES) {
			sum[name] = sum[name].map((count, index) => count + (counters[name][index] ?? 0));
		}
	}
	return sum;
}
