"use client";

import type { ReactNode } from "react";
import { TimeSeriesChart } from "./lazy-chart.ts";
import { type ChartData, newest } from "./series.ts";
import { useChartCursor } from "./use-chart-cursor.ts";

interface SparkCardProps {
	title: string;
	data: ChartData | null;
	fromSeconds: number;
	toSeconds: number;
	format: (value: number) => string;
	maxValue?: number;
	color: number;
	/** Shown when there is no value. */
	nothing?: ReactNode;
}

const HEIGHT = 56;

/** A number and its recent history. */
export function SparkCard(props: SparkCardProps) {
	const { title, data, fromSeconds, toSeconds, format, color, nothing = "–" } = props;
	const values = data?.series[0]?.values ?? [];
	const cursor = useChartCursor(data?.times ?? []);
	const span = `last ${Math.max(1, Math.round((toSeconds - fromSeconds) / 60))} min`;
	const value = cursor.index === null ? newest(values) : (values[cursor.index] ?? null);
	return (
		<section className="min-w-0 rounded-xl border border-border bg-surface px-3.5 pt-3 pb-2 shadow-panel">
			<div className="flex flex-wrap items-baseline justify-between gap-x-2">
				<h3 className="text-[0.8125rem] text-muted">{title}</h3>
				<p className="text-sm font-semibold tabular-nums">
					{value === null ? (
						<span className="font-normal text-muted">{nothing}</span>
					) : (
						format(value)
					)}
				</p>
			</div>
			<div className="mt-2" style={{ height: HEIGHT }}>
				{data !== null && (
					<TimeSeriesChart
						data={data}
						look="spark"
						fromSeconds={fromSeconds}
						toSeconds={toSeconds}
						format={format}
						height={HEIGHT}
						firstColor={color}
						onCursor={cursor.setIndex}
						syncKey="overview"
						label={`${title}, ${span}utes`}
						{...(props.maxValue === undefined ? {} : { maxValue: props.maxValue })}
					/>
				)}
			</div>
			<p className="h-4 text-right text-[0.6875rem] text-muted tabular-nums">
				{cursor.moment ?? span}
			</p>
		</section>
	);
}
