"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type {
	AcceleratorColumn,
	AcceleratorHistory,
} from "../../../../server/contract/accelerator.ts";
import { formatCount, formatPercent } from "../../../_lib/format/count.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { MetricChart } from "../../../_ui/charts/metric-chart.tsx";
import {
	MetricsRangeChoice,
	metricsPollMs,
	useMetricsRange,
} from "../../../_ui/charts/metrics-range.tsx";
import type { ChartData } from "../../../_ui/charts/series.ts";
import { ProblemState } from "../../../_ui/notices.tsx";
import { BlockSkeleton } from "../../../_ui/skeletons.tsx";

const formatMs = (value: number) => `${value < 10 ? value.toFixed(2) : formatCount(value)} ms`;

interface Chart {
	title: string;
	lines: readonly (readonly [label: string, AcceleratorColumn])[];
	format: (value: number) => string;
	maxValue?: number;
}

const CHARTS: readonly Chart[] = [
	{
		title: "Hit rate",
		lines: [["Hit rate", "hitRate"]],
		format: formatPercent,
		maxValue: 1.05,
	},
	{
		title: "Calls / s",
		lines: [
			["Hits", "hitsPerSecond"],
			["Misses", "missesPerSecond"],
			["Writes", "writesPerSecond"],
			["Passed on", "passedPerSecond"],
			["Failed", "failedPerSecond"],
		],
		format: formatCount,
	},
	{
		title: "Calls to DynamoDB / s",
		lines: [
			["Made", "upstreamCallsPerSecond"],
			["Saved", "savedCallsPerSecond"],
		],
		format: formatCount,
	},
	{
		title: "Read units saved / s",
		lines: [["Read units", "readUnitsSavedPerSecond"]],
		format: formatCount,
	},
	{
		title: "Latency, median",
		lines: [
			["Hits", "hitP50Ms"],
			["Misses", "missP50Ms"],
			["Writes", "writeP50Ms"],
		],
		format: formatMs,
	},
	{
		title: "Latency, p99",
		lines: [
			["Hits", "hitP99Ms"],
			["Misses", "missP99Ms"],
			["Writes", "writeP99Ms"],
		],
		format: formatMs,
	},
];

/** What the accelerator did over a range, as charts. */
export function MetricsPanel({ name }: { name: string }) {
	const trpc = useTRPC();
	const range = useMetricsRange();
	const { data, error, refetch } = useQuery(
		trpc.accelerators.metrics.queryOptions(
			{ name, range },
			{
				refetchInterval: metricsPollMs(range),
				placeholderData: keepPreviousData,
			},
		),
	);
	return (
		<section aria-labelledby="accelerator-metrics" className="flex flex-col gap-3">
			<div className="flex flex-wrap items-center justify-between gap-2">
				<h2 id="accelerator-metrics" className="text-base font-semibold">
					Metrics
				</h2>
				<MetricsRangeChoice />
			</div>
			{data !== undefined ? (
				<Charts history={data} />
			) : error !== null ? (
				<ProblemState
					title="Metrics couldn't be loaded"
					error={error}
					onRetry={() => void refetch()}
				/>
			) : (
				<BlockSkeleton className="h-96" label="Loading metrics" />
			)}
		</section>
	);
}

function Charts({ history }: { history: AcceleratorHistory }) {
	const times = history.at.map((at) => Date.parse(at) / 1_000);
	const dataOf = (lines: Chart["lines"]): ChartData => ({
		times,
		series: lines.map(([label, column]) => ({ label, values: history.values[column] ?? [] })),
	});
	return (
		<div className="grid gap-4 md:grid-cols-2 xl:grid-cols-3">
			{CHARTS.map(({ lines, ...chart }) => (
				<MetricChart
					key={chart.title}
					{...chart}
					data={dataOf(lines)}
					fromSeconds={Date.parse(history.from) / 1_000}
					toSeconds={Date.parse(history.to) / 1_000}
					syncKey="accelerator"
				/>
			))}
		</div>
	);
}
