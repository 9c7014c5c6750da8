"use client";

import { useMemo } from "react";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import type { CacheMetrics } from "../../../../server/contract/metrics.ts";
import { useUrlParams } from "../../../_lib/use-url-params.ts";
import { MetricChart } from "../../../_ui/charts/metric-chart.tsx";
import { MetricsRangeChoice, useMetricsRange } from "../../../_ui/charts/metrics-range.tsx";
import type { ChartMark } from "../../../_ui/charts/time-series-chart.tsx";
import { ProblemState } from "../../../_ui/notices.tsx";
import { SelectField } from "../../../_ui/select-field.tsx";
import { BlockSkeleton } from "../../../_ui/skeletons.tsx";
import { metricCharts, metricViews } from "./metric-views.ts";
import { marksOf } from "./serverless/scaling-marks.ts";
import { isServerless, type ServerlessCache } from "./serverless/serverless-cache.ts";
import { useScaling } from "./serverless/use-scaling.ts";
import { useCacheMetrics } from "./use-cache-metrics.ts";

const NO_MARKS: readonly ChartMark[] = [];

/** 5 → "5 s", 300 → "5 min", 7200 → "2 h". */
function resolutionWords(seconds: number): string {
	if (seconds < 60) return `${seconds} s`;
	return seconds < 3_600 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

export function MetricsTab({ cache }: { cache: Cache }) {
	const { params, change } = useUrlParams();
	const range = useMetricsRange();
	const views = metricViews(cache);
	const first = views[0]?.id ?? "";
	const view = views.find(({ id }) => id === params.get("view"))?.id ?? first;
	const { data, error, isPending, refetch } = useCacheMetrics(cache, range);
	return (
		<div className="flex flex-col gap-4">
			<div className="flex flex-wrap items-center justify-between gap-2">
				<div className="flex flex-wrap items-center gap-2">
					<MetricsRangeChoice />
					<SelectField
						label="Show"
						hideLabel
						value={view}
						options={views.map(({ id, label }) => ({ value: id, label }))}
						onChange={(next) => change({ view: next === first ? null : next })}
						className="w-44"
					/>
				</div>
				{data !== undefined && (
					<p className="text-xs text-muted">
						One point every {resolutionWords(data.resolutionSeconds)}
					</p>
				)}
			</div>
			{data === undefined && isPending && cache.status !== "deleting" && (
				<BlockSkeleton className="h-96" label="Loading metrics" />
			)}
			{data === undefined && error !== null && (
				<ProblemState
					title="Metrics couldn't be loaded"
					error={error}
					onRetry={() => void refetch()}
				/>
			)}
			{data !== undefined &&
				(isServerless(cache) ? (
					<ScaledCharts cache={cache} metrics={data} view={view} />
				) : (
					<Charts cache={cache} metrics={data} view={view} marks={NO_MARKS} />
				))}
		</div>
	);
}

interface ChartsProps {
	cache: Cache;
	metrics: CacheMetrics;
	view: string;
	marks: readonly ChartMark[];
}

/** With marks where Larder scaled the cache. */
function ScaledCharts(props: Omit<ChartsProps, "marks"> & { cache: ServerlessCache }) {
	const { data } = useScaling(props.cache);
	const marks = useMemo(() => marksOf(data?.items ?? [], null), [data]);
	return <Charts {...props} marks={marks} />;
}

function Charts({ cache, metrics, view, marks }: ChartsProps) {
	const charts = useMemo(() => metricCharts(cache, metrics, view), [cache, metrics, view]);
	return (
		<div className="grid gap-4 lg:grid-cols-2">
			{charts.map((chart) => (
				<MetricChart
					key={chart.title}
					{...chart}
					marks={marks}
					fromSeconds={Date.parse(metrics.from) / 1_000}
					toSeconds={Date.parse(metrics.to) / 1_000}
					syncKey="metrics"
				/>
			))}
		</div>
	);
}
