import { Command, Option } from "commander";
import {
	type CacheMetrics,
	cacheMetricsSchema,
	METRIC_NAMES,
	type MetricsRange,
	metricsRangeSchema,
	type NodeMetrics,
} from "../../../server/contract/index.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { formatBytes, printable } from "../../terminal/format.ts";
import { type Column, formatTable } from "../../terminal/table.ts";

interface MetricsOptions extends ApiOptions {
	range?: MetricsRange;
}

/** Long enough to contain each node's newest sample. */
const NEWEST_RANGE: MetricsRange = "15m";

export function metricsCommand(): Command {
	const command = new Command("metrics")
		.summary("show what a cache's nodes measure")
		.description(
			"Show the newest metrics of each node. With a range, show their mean and highest values over it too.",
		)
		.argument("<name>")
		.addOption(
			new Option("--range <range>", "the time that ends now").choices(metricsRangeSchema.options),
		)
		.addHelpText(
			"after",
			`
Examples:
  larder caches metrics orders
  larder caches metrics orders --range 24h
  larder caches metrics orders --range 1h --json    every sample of the range`,
		);
	return withApiOptions(command).action(run);
}

async function run(name: string, options: MetricsOptions): Promise<void> {
	const api = await connect(options);
	const answer = await api.call({
		method: "GET",
		path: `/caches/${encodeURIComponent(name)}/metrics`,
		query: { range: options.range ?? NEWEST_RANGE },
	});
	if (options.json) printJson(answer);
	else print(describeMetrics(cacheMetricsSchema.parse(answer), options.range !== undefined));
}

type Values = Record<keyof NodeMetrics, number | null>;
type Summary = "newest" | "mean" | "highest";
interface Row {
	node: string;
	role: string;
	summary: Summary;
	values: Values;
}

/** A table of nodes; `overRange` adds the mean and the highest of each metric over the range. */
export function describeMetrics({ nodes, to }: CacheMetrics, overRange: boolean): string {
	const summaries: readonly Summary[] = overRange ? ["newest", "mean", "highest"] : ["newest"];
	const rows = nodes.flatMap((series) =>
		series.at.length === 0 || series.leftAt !== null
			? []
			: summaries.map(
					(summary): Row => ({
						node: printable(series.node),
						role: series.role ?? "-",
						summary,
						values: summarize(series.values, summary),
					}),
				),
	);
	if (rows.length === 0) return "No samples in this range. Nodes send one every 5 seconds.";
	const columns = overRange ? COLUMNS : COLUMNS.filter(({ title }) => title !== "VALUE");
	return `${formatTable(rows, columns)}\n\nAt ${to}. Rates are per second.`;
}

function summarize(values: CacheMetrics["nodes"][number]["values"], summary: Summary): Values {
	const entries = METRIC_NAMES.map((metric) => {
		const measured = (values[metric] ?? []).filter((value) => value !== null);
		return [metric, summaryOf(measured, summary)] as const;
	});
	return Object.fromEntries(entries) as Values;
}

function summaryOf(measured: readonly number[], summary: Summary): number | null {
	if (measured.length === 0) return null;
	switch (summary) {
		case "newest":
			return measured.at(-1) ?? null;
		case "mean":
			return measured.reduce((sum, value) => sum + value, 0) / measured.length;
		case "highest":
			return measured.reduce((highest, value) => Math.max(highest, value));
	}
}

const COLUMNS: readonly Column<Row>[] = [
	{ title: "NODE", value: ({ node }) => node },
	{ title: "ROLE", value: ({ role }) => role },
	{ title: "VALUE", value: ({ summary }) => summary },
	right("MEMORY", ({ values }) => bytes(values.memoryUsedBytes)),
	right("OF", ({ values }) => bytes(values.memoryMaxBytes)),
	right("KEYS", ({ values }) => count(values.keys)),
	right("CLIENTS", ({ values }) => count(values.clients)),
	right("REQUESTS/S", ({ values }) => rate(values.opsPerSecond)),
	right("HITS/S", ({ values }) => rate(values.hitsPerSecond)),
	right("MISSES/S", ({ values }) => rate(values.missesPerSecond)),
	right("EVICTIONS/S", ({ values }) => rate(values.evictionsPerSecond)),
	right("CPU", ({ values }) => (values.cpuPercent === null ? "-" : `${rate(values.cpuPercent)}%`)),
	right("LAG", ({ values }) => bytes(values.replicationLagBytes)),
];

function right(title: string, value: (row: Row) => string): Column<Row> {
	return { title, value, align: "right" };
}

function bytes(value: number | null): string {
	return value === null ? "-" : formatBytes(Math.round(value));
}

function count(value: number | null): string {
	return value === null ? "-" : String(Math.round(value));
}

function rate(value: number | null): string {
	return value === null ? "-" : String(Number(value.toFixed(value < 10 ? 2 : 0)));
}
