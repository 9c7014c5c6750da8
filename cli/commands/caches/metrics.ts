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
		.summary("show the metrics of a cache's nodes")
		.description(
			"Show the newest metrics of each node. With a range, show their mean and highest values over it too.",
		)
		.argument("<name>")
		.addOption(
			new Option("--range <range>", "time range, ending now").choices(metricsRangeSchema.options),
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

/** Hosts report a round within milliseconds of each other; a node that misses one isn't waited for. */
const ROUNDS_LATE = 1.5;

type Series = CacheMetrics["nodes"][number];
type Values = Record<keyof NodeMetrics, number | null>;
type Summary = "newest" | "mean" | "highest";
interface Row {
	node: string;
	role: string;
	summary: Summary;
	values: Values;
}

/**
 * A table of nodes; `overRange` adds the mean and the highest of each metric over the range. The newest values are those
 * of one round, so that they can be added up. A node that has left the cache has a row only if it reported in that round.
 */
export function describeMetrics(metrics: CacheMetrics, overRange: boolean): string {
	const { nodes, to } = metrics;
	const summaries: readonly Summary[] = overRange ? ["newest", "mean", "highest"] : ["newest"];
	const round = newestRound(metrics);
	const rows = nodes.flatMap((series) => {
		const newest = newestIn(series, round, metrics.resolutionSeconds);
		if (newest === null) return [];
		return summaries.map(
			(summary): Row => ({
				node: printable(series.node),
				role: series.leftAt === null ? (series.role ?? "-") : "left",
				summary,
				values: summarize(series.values, summary, newest),
			}),
		);
	});
	if (rows.length === 0)
		return "No samples in this range. Larder takes one from each node every 5 seconds.";
	const columns = overRange ? COLUMNS : COLUMNS.filter(({ title }) => title !== "VALUE");
	return `${formatTable(rows, columns)}\n\nAt ${to}. Rates are per second.`;
}

/** The time of the newest round that all current nodes have reported, except those that are late; NaN for none. */
function newestRound({ nodes, resolutionSeconds }: CacheMetrics): number {
	const newest = nodes.flatMap(({ at, leftAt }) => {
		const last = at.at(-1);
		return leftAt !== null || last === undefined ? [] : [Date.parse(last)];
	});
	const latest = Math.max(...newest);
	const inTime = newest.filter((at) => latest - at <= ROUNDS_LATE * resolutionSeconds * 1_000);
	return inTime.length === 0 ? Number.NaN : Math.min(...inTime);
}

/** Index of the node's sample in the round, or of its newest one if it is late. Null for a node without such a sample. */
function newestIn({ at, leftAt }: Series, round: number, resolutionSeconds: number): number | null {
	const halfMs = (resolutionSeconds * 1_000) / 2;
	const inRound = at.findLastIndex((time) => Math.abs(Date.parse(time) - round) < halfMs);
	if (inRound >= 0) return inRound;
	return leftAt === null && at.length > 0 ? at.length - 1 : null;
}

function summarize(values: Series["values"], summary: Summary, newest: number): Values {
	const entries = METRIC_NAMES.map((metric) => {
		const series = values[metric] ?? [];
		const shown = summary === "newest" ? series.slice(0, newest + 1) : series;
		const measured = shown.filter((value) => value !== null);
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
