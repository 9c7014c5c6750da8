import {
	type AcceleratorCounters,
	LATENCY_BOUNDS_MS,
} from "../../server/contract/accelerator-process.ts";

type LatencyKind = "hitMs" | "missMs" | "writeMs";
type Count = Exclude<keyof AcceleratorCounters, LatencyKind>;

/** Counts what the process has done since its start. */
export class Metrics {
	readonly #counters: AcceleratorCounters = {
		...{
			itemHits: 0,
			itemMisses: 0,
			queryHits: 0,
			queryMisses: 0,
			writes: 0,
			passed: 0,
			failed: 0,
		},
		...{ upstreamCalls: 0, savedCalls: 0, savedHalfUnits: 0 },
		...{ hitMs: noLatencies(), missMs: noLatencies(), writeMs: noLatencies() },
	};

	add(what: Count, count = 1): void {
		this.#counters[what] += count;
	}

	took(kind: LatencyKind, ms: number): void {
		const found = LATENCY_BOUNDS_MS.findIndex((bound) => ms <= bound);
		const index = found === -1 ? LATENCY_BOUNDS_MS.length : found;
		const counts = this.#counters[kind];
		counts[index] = (counts[index] ?? 0) + 1;
	}

	get counters(): AcceleratorCounters {
		return structuredClone(this.#counters);
	}
}

function noLatencies(): number[] {
	return new Array(LATENCY_BOUNDS_MS.length + 1).fill(0);
}
