import {
	LAB_STRATEGY_NAMES,
	type LabResult,
	type LabStrategy,
	type LabWorkload,
} from "../server/contract/lab.ts";

type Figures = Omit<LabResult, "findings">;

/** Adds two sentences to each strategy's figures: what the database has to do, and what the application gets. */
export function describeResults(results: readonly Figures[], workload: LabWorkload): LabResult[] {
	const baseline = results.find(({ strategy }) => strategy === "no-cache") ?? results[0];
	return results.map((result) => ({
		...result,
		findings: [loadSentence(result, baseline, workload), answerSentence(result)],
	}));
}

function loadSentence(result: Figures, baseline: Figures | undefined, workload: LabWorkload) {
	const { strategy, hitRate, databaseQueriesPerSecond: queries } = result;
	const load = `${rate(queries)} queries a second`;
	const from = answeredWords(strategy, hitRate);
	if (baseline === undefined || baseline.strategy === strategy) {
		return `${from}, and the database got ${load}.`;
	}
	const perOperation = ratePerOperation(result) / ratePerOperation(baseline);
	const versus = LAB_STRATEGY_NAMES[baseline.strategy].toLowerCase();
	const compared = Number.isFinite(perOperation)
		? `, ${percent(perOperation)} of what ${versus} took for as many operations`
		: "";
	const slow = workload.databaseLatencyMs > 0 ? "" : " of a database that adds no latency";
	return `${from}, and the database got ${load}${slow}${compared}.`;
}

function answeredWords(strategy: LabStrategy, hitRate: number | null): string {
	if (strategy === "no-cache") return "The database answered every read";
	return hitRate === null
		? "There were no reads for the cache to answer"
		: `The cache answered ${percent(hitRate)} of reads`;
}

function ratePerOperation({ operationsPerSecond, databaseQueriesPerSecond }: Figures): number {
	return operationsPerSecond === 0 ? 0 : databaseQueriesPerSecond / operationsPerSecond;
}

function answerSentence(result: Figures): string {
	const { read, write } = result;
	const parts = [
		read.p50Ms === null
			? null
			: `Reads took ${ms(read.p50Ms)} (median) and ${ms(read.p99Ms)} (p99)`,
		write.p50Ms === null
			? null
			: `${read.p50Ms === null ? "Writes" : "writes"} ${ms(write.p50Ms)} and ${ms(write.p99Ms)}`,
	].filter((part) => part !== null);
	if (parts.length === 0) return "No operation ended within the run.";
	return `${parts.join(", ")}; ${staleWords(result)}.`;
}

function staleWords({ strategy, reads, staleReads, databaseWrites, writes }: Figures): string {
	if (reads === 0) return "there were no reads that could be stale";
	const share =
		staleReads === 0
			? `none of ${count(reads)} reads was stale`
			: `${count(staleReads)} of ${count(reads)} reads (${percent(staleReads / reads)}) ${staleReads === 1 ? "was" : "were"} stale`;
	if (strategy === "ttl-only" && staleReads > 0) {
		return `${share}, because the cache keeps an old value until its TTL ends`;
	}
	if (strategy === "write-behind" && databaseWrites > 0) {
		return `${share}, and the database got ${counted(writes, "write", "writes")} as ${counted(databaseWrites, "query", "queries")}, after the application had its answer`;
	}
	const betweenWrites = strategy === "cache-aside" || strategy === "early-refresh";
	if (betweenWrites && staleReads > 0) {
		return `${share}: they fell between a write of the database and the invalidation`;
	}
	return share;
}

function percent(share: number): string {
	const digits = share > 0 && share < 0.01 ? 2 : 1;
	return `${(share * 100).toFixed(digits)} %`;
}

function rate(perSecond: number): string {
	return perSecond < 10 ? perSecond.toFixed(1) : count(perSecond);
}

function counted(value: number, one: string, many: string): string {
	return `${count(value)} ${value === 1 ? one : many}`;
}

function count(value: number): string {
	return Math.round(value).toLocaleString("en");
}

function ms(value: number | null): string {
	if (value === null) return "-";
	return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
}
