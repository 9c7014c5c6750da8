import { LAB_STRATEGY_NAMES, type LabResult, type LabRun } from "./lab.ts";

type Row = readonly [title: string, value: (result: LabResult) => string];

const share = (value: number | null) => (value === null ? "-" : `${(value * 100).toFixed(1)} %`);
const ms = (value: number | null) =>
	value === null ? "-" : `${value.toFixed(value < 10 ? 2 : 0)} ms`;
const count = (value: number) => Math.round(value).toLocaleString("en");
const counted = (value: number, noun: string) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
const bytes = (value: number) => `${(value / 1024 ** 2).toFixed(2)} MiB`;

/** What a report says of each strategy, in this order. */
export const LAB_REPORT_ROWS: readonly Row[] = [
	["Hit rate", ({ hitRate }) => share(hitRate)],
	["Hit rate, simulated", ({ simulatedHitRate }) => share(simulatedHitRate)],
	["Operations a second", ({ operationsPerSecond }) => count(operationsPerSecond)],
	[
		"Database queries a second",
		({ databaseQueriesPerSecond: queries }) => (queries < 10 ? queries.toFixed(1) : count(queries)),
	],
	["Reads, median", ({ read }) => ms(read.p50Ms)],
	["Reads, p99", ({ read }) => ms(read.p99Ms)],
	["Writes, median", ({ write }) => ms(write.p50Ms)],
	["Writes, p99", ({ write }) => ms(write.p99Ms)],
	["Stale reads", ({ staleReads, reads }) => `${count(staleReads)} of ${count(reads)}`],
	["Errors", ({ errors }) => count(errors)],
	["Keys in the cache at the end", ({ cacheKeys }) => count(cacheKeys)],
	["Memory of these keys", ({ cacheBytes }) => bytes(cacheBytes)],
];

/** The workload in words, such as "10,000 keys". */
export function describeLabWorkload({ workload }: Pick<LabRun, "workload">): string[] {
	const { operationsPerSecond: pace, clients } = workload;
	return [
		`${counted(workload.keys, "key")} of ${counted(workload.itemBytes, "byte")}, Zipf ${workload.keySkew}`,
		`${share(workload.readShare)} reads`,
		`TTL ${count(workload.ttlSeconds)} s`,
		`${count(workload.databaseLatencyMs)} ms added to each query`,
		pace === null
			? `${counted(clients, "client")}, as fast as possible`
			: `${counted(clients, "client")}, ${counted(pace, "operation")} a second`,
		`${count(workload.durationSeconds)} s`,
	];
}

/** A run as a Markdown document. */
export function labReportMarkdown(run: LabRun): string {
	const names = run.results.map(({ strategy }) => LAB_STRATEGY_NAMES[strategy]);
	const table = [
		["", ...names],
		["---", ...names.map(() => "---:")],
		...LAB_REPORT_ROWS.map(([title, value]) => [title, ...run.results.map(value)]),
	].map((cells) => `| ${cells.join(" | ")} |`);
	return [
		`# Caching strategies on ${run.cache}`,
		"",
		`Lab run ${run.id}, ${run.createdAt}, ${run.engine}, status: ${run.status}${run.statusReason === null ? "" : ` (${run.statusReason})`}.`,
		"",
		`Workload of each strategy: ${describeLabWorkload(run).join("; ")}.`,
		...(run.results.length === 0 ? [] : ["", ...table]),
		...run.results.flatMap(({ strategy, findings }) => [
			"",
			`## ${LAB_STRATEGY_NAMES[strategy]}`,
			"",
			findings.join(" "),
		]),
		"",
	].join("\n");
}
