import { markdownTable, percentile } from "../../platform/testing/figures.ts";
import type { NumberedWriter } from "../fixtures/numbered-writer.ts";

/** One failover as its client saw it. */
export interface FailoverRun {
	/** From the last acknowledged write before the failover to the first one after it. */
	gapMs: number;
	/** The longest pause between two acknowledged writes from then until everything was healthy again. */
	laterGapMs: number;
	/** Acknowledged writes that couldn't be read back. */
	lost: number;
}

export interface CaseResult {
	title: string;
	runs: FailoverRun[];
	/** Why its remaining runs didn't take place. */
	failure: string | null;
}

export interface FailoverOptions {
	writer: NumberedWriter;
	/** Kills or stops the primary or its host. */
	strike(): void | Promise<void>;
	/** Returns when everything is as before, but with another primary. */
	mend(): Promise<void>;
	timeoutMs: number;
	/** Number of the first write to read back. */
	readFrom: number;
}

export async function measureFailover(options: FailoverOptions): Promise<FailoverRun> {
	const { writer, timeoutMs } = options;
	const struckAt = performance.now();
	await options.strike();
	await writer.writesAgain(timeoutMs);
	const gapMs = writer.longestGapMs(struckAt);
	const againAt = performance.now();
	await options.mend();
	const laterGapMs = writer.longestGapMs(againAt);
	const lost = await writer.findLost(options.readFrom);
	return { gapMs, laterGapMs, lost: lost.length };
}

export function failoverTable(results: readonly CaseResult[]): string {
	const head = ["", "runs", "median", "p95", "p99", "longest", "later pause", "lost writes"];
	return markdownTable([
		head,
		...results.map(({ title, runs }) => {
			const gaps = runs.map((run) => run.gapMs);
			return [
				title,
				String(runs.length),
				...[50, 95, 99, 100].map((share) => percentile(gaps, share).toFixed(0)),
				Math.max(...runs.map((run) => run.laterGapMs)).toFixed(0),
				String(runs.reduce((sum, run) => sum + run.lost, 0)),
			];
		}),
	]);
}
