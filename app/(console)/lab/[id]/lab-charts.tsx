"use client";

import {
	LAB_STRATEGY_NAMES,
	type LabRun,
	type LabSample,
} from "../../../../server/contract/lab.ts";
import { formatCount, formatPercent } from "../../../_lib/format/count.ts";
import { MetricChart } from "../../../_ui/charts/metric-chart.tsx";
import type { ChartData } from "../../../_ui/charts/series.ts";

type Values = LabSample["strategies"][number];

const formatMs = (value: number) => `${formatCount(value)} ms`;

const CHARTS: readonly {
	title: string;
	read: (values: Values) => number | null;
	format: (value: number) => string;
	maxValue?: number;
}[] = [
	{ title: "Hit rate", read: ({ hitRate }) => hitRate, format: formatPercent, maxValue: 1.05 },
	{
		title: "Database queries / s",
		read: ({ databaseQueriesPerSecond }) => databaseQueriesPerSecond,
		format: formatCount,
	},
	{ title: "Reads, p99", read: ({ readP99Ms }) => readP99Ms, format: formatMs },
	{ title: "Writes, p99", read: ({ writeP99Ms }) => writeP99Ms, format: formatMs },
	{ title: "Stale reads / s", read: ({ staleReads }) => staleReads, format: formatCount },
	{
		title: "Operations / s",
		read: ({ operationsPerSecond }) => operationsPerSecond,
		format: formatCount,
	},
];

/** A chart for each figure, with a line for each strategy. */
export function LabCharts({ run }: { run: LabRun }) {
	const fromSeconds = Date.parse(run.createdAt) / 1_000;
	const span = Math.max(run.workload.durationSeconds, run.samples.at(-1)?.seconds ?? 0);
	const times = run.samples.map(({ seconds }) => fromSeconds + seconds);
	const dataOf = (read: (values: Values) => number | null): ChartData => ({
		times,
		series: run.strategies.map((strategy, index) => ({
			label: LAB_STRATEGY_NAMES[strategy],
			values: run.samples.map(({ strategies }) => {
				const values = strategies[index];
				return values === undefined ? null : read(values);
			}),
		})),
	});
	return (
		<div className="grid gap-4 md:grid-cols-2 xl:grid-cols-3">
			{CHARTS.map(({ title, read, ...chart }) => (
				<MetricChart
					key={title}
					title={title}
					data={dataOf(read)}
					fromSeconds={fromSeconds}
					toSeconds={fromSeconds + span}
					syncKey="lab"
					{...chart}
				/>
			))}
		</div>
	);
}
