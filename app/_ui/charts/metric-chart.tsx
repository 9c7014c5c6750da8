"use client";

import { Panel } from "../panel.tsx";
import { chartColor } from "./chart-color.ts";
import { TimeSeriesChart } from "./lazy-chart.ts";
import { type ChartData, newest, valueAt } from "./series.ts";
import type { ChartMark } from "./time-series-chart.tsx";
import { useChartCursor } from "./use-chart-cursor.ts";

interface MetricChartProps {
	title: string;
	data: ChartData;
	marks?: readonly ChartMark[];
	/** Called with the moment under the pointer; null when it leaves. */
	onMoment?: (seconds: number | null) => void;
	fromSeconds: number;
	toSeconds: number;
	format: (value: number) => string;
	maxValue?: number;
	isBinary?: boolean;
	syncKey: string;
}

function Legend({
	data,
	index,
	format,
}: {
	data: ChartData;
	index: number | null;
	format: (value: number) => string;
}) {
	return (
		<ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs">
			{data.series.map(({ label, values }, line) => {
				const value = index === null ? newest(values) : valueAt(values, index);
				return (
					<li key={label} className="flex items-center gap-1.5">
						<span
							aria-hidden
							className="h-0.5 w-3 rounded-full"
							style={{ background: `var(${chartColor(line)})` }}
						/>
						<span className="text-muted">{label}</span>
						<span className="font-medium tabular-nums">{value === null ? "–" : format(value)}</span>
					</li>
				);
			})}
		</ul>
	);
}

/** One metric, with a line for each thing that is compared; the legend follows the crosshair. */
export function MetricChart(props: MetricChartProps) {
	const { title, data, format, onMoment, ...span } = props;
	const cursor = useChartCursor(data.times);
	const isEmpty = data.series.every(({ values }) => newest(values) === null);
	return (
		<Panel
			title={<span className="text-sm">{title}</span>}
			aside={<span className="text-xs tabular-nums">{cursor.moment ?? ""}</span>}
		>
			<div className="relative min-h-42">
				<TimeSeriesChart
					data={data}
					format={format}
					{...span}
					height={168}
					onCursor={(index) => {
						cursor.setIndex(index);
						onMoment?.(index === null ? null : (data.times[index] ?? null));
					}}
					label={`${title} over time`}
				/>
				{isEmpty && (
					<p className="absolute inset-0 grid place-items-center text-[0.8125rem] text-muted">
						Nothing measured in this range
					</p>
				)}
			</div>
			<Legend data={data} index={cursor.index} format={format} />
		</Panel>
	);
}
