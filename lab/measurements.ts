import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { LabSample } from "../server/contract/lab.ts";

type StrategySample = LabSample["strategies"][number];

/** Durations of reads or writes: of the whole run, and since the last sample. */
class Durations {
	readonly #all: RecordableHistogram = createHistogram();
	readonly #recent: RecordableHistogram = createHistogram();

	record(ms: number): void {
		const nanoseconds = Math.max(1, Math.round(ms * 1e6));
		this.#all.record(nanoseconds);
		this.#recent.record(nanoseconds);
	}

	takeRecentP99(): number | null {
		const p99 = percentileMs(this.#recent, 99);
		this.#recent.reset();
		return p99;
	}

	summary() {
		return { p50Ms: percentileMs(this.#all, 50), p99Ms: percentileMs(this.#all, 99) };
	}
}

function percentileMs(histogram: RecordableHistogram, percentile: number): number | null {
	return histogram.count === 0 ? null : histogram.percentile(percentile) / 1e6;
}

interface Counts {
	reads: number;
	writes: number;
	/** Reads that the cache didn't answer. */
	misses: number;
	staleReads: number;
	queries: number;
}

/** What one strategy has done so far. */
export class Measurements {
	readonly reads = new Durations();
	readonly writes = new Durations();
	readonly counts: Counts = { reads: 0, writes: 0, misses: 0, staleReads: 0, queries: 0 };
	errors = 0;
	#before: Counts = { ...this.counts };

	/** What has happened since the last sample, `seconds` ago. */
	takeSample(seconds: number): StrategySample {
		const { counts } = this;
		const before = this.#before;
		this.#before = { ...counts };
		const since = (name: keyof Counts) => counts[name] - before[name];
		return {
			hitRate: hitRateOf(since("reads"), since("misses")),
			operationsPerSecond: (since("reads") + since("writes")) / seconds,
			databaseQueriesPerSecond: since("queries") / seconds,
			readP99Ms: this.reads.takeRecentP99(),
			writeP99Ms: this.writes.takeRecentP99(),
			staleReads: since("staleReads"),
		};
	}
}

export function hitRateOf(reads: number, misses: number): number | null {
	return reads === 0 ? null : (reads - misses) / reads;
}
