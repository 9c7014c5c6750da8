import { Command, Option } from "commander";
import {
	type AcceleratorColumn,
	type AcceleratorHistory,
	acceleratorHistorySchema,
} from "../../server/contract/accelerator.ts";
import { type MetricsRange, metricsRangeSchema } from "../../server/contract/metrics.ts";
import { type ApiOptions, connect, print, printJson, withApiOptions } from "../command-context.ts";
import { formatTable } from "../terminal/table.ts";

interface MetricsOptions extends ApiOptions {
	range: MetricsRange;
}

export function acceleratorMetricsCommand(): Command {
	const command = new Command("metrics")
		.description("Show the newest, mean and highest metrics of an accelerator over a range")
		.argument("<name>")
		.addOption(
			new Option("--range <range>", "time range, ending now")
				.choices(metricsRangeSchema.options)
				.default("1h"),
		)
		.addHelpText(
			"after",
			`
Examples:
  larder accelerators metrics acc --range 24h
  larder accelerators metrics acc --range 1h --json    every sample of the range`,
		);
	return withApiOptions(command).action(async (name: string, options: MetricsOptions) => {
		const answer = await (await connect(options)).call({
			method: "GET",
			path: `/accelerators/${encodeURIComponent(name)}/metrics`,
			query: { range: options.range },
		});
		if (options.json) printJson(answer);
		else print(describeHistory(acceleratorHistorySchema.parse(answer)));
	});
}

const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
const rate = (value: number) => String(Number(value.toFixed(value < 10 ? 2 : 0)));
const ms = (value: number) => `${value.toFixed(2)} ms`;

const ROWS: readonly [title: string, AcceleratorColumn, format: (value: number) => string][] = [
	["Hit rate", "hitRate", percent],
	["Hits/s", "hitsPerSecond", rate],
	["Misses/s", "missesPerSecond", rate],
	["Writes/s", "writesPerSecond", rate],
	["Passed on/s", "passedPerSecond", rate],
	["Failed/s", "failedPerSecond", rate],
	["Upstream calls/s", "upstreamCallsPerSecond", rate],
	["Calls saved/s", "savedCallsPerSecond", rate],
	["Read units saved/s", "readUnitsSavedPerSecond", rate],
	["Hits, p50", "hitP50Ms", ms],
	["Hits, p99", "hitP99Ms", ms],
	["Misses, p50", "missP50Ms", ms],
	["Misses, p99", "missP99Ms", ms],
	["Writes, p50", "writeP50Ms", ms],
	["Writes, p99", "writeP99Ms", ms],
];

function describeHistory({ values, to, at }: AcceleratorHistory): string {
	if (at.length === 0) return "No samples in this range yet. The first one takes 20 seconds.";
	const rows = ROWS.map(([title, column, format]) => {
		const known = (values[column] ?? []).filter((value) => value !== null);
		const show = (value: number | undefined) => (value === undefined ? "-" : format(value));
		const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
		return {
			title,
			newest: show(known.at(-1)),
			mean: show(known.length === 0 ? undefined : mean),
			highest: show(known.length === 0 ? undefined : Math.max(...known)),
		};
	});
	const table = formatTable(rows, [
		{ title: "METRIC", value: ({ title }) => title },
		{ title: "NEWEST", value: ({ newest }) => newest, align: "right" },
		{ title: "MEAN", value: ({ mean }) => mean, align: "right" },
		{ title: "HIGHEST", value: ({ highest }) => highest, align: "right" },
	]);
	return `${table}\n\nUntil ${to}. Spans without calls count for neither hit rate nor latency.`;
}
