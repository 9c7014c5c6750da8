"use client";

import { useMemo, useState } from "react";
import type { CacheMetrics } from "../../../../../server/contract/metrics.ts";
import type { ScalingDecision } from "../../../../../server/contract/serverless.ts";
import { formatBytes } from "../../../../_lib/format/bytes.ts";
import { formatCount } from "../../../../_lib/format/count.ts";
import { MetricChart } from "../../../../_ui/charts/metric-chart.tsx";
import { MetricsRangeChoice, useMetricsRange } from "../../../../_ui/charts/metrics-range.tsx";
import { overall, reading, sideBySide, sum, sumOfShards } from "../../../../_ui/charts/series.ts";
import { ProblemState } from "../../../../_ui/notices.tsx";
import { BlockSkeleton } from "../../../../_ui/skeletons.tsx";
import { lifetimeIn } from "../chart-span.ts";
import { useCacheMetrics } from "../use-cache-metrics.ts";
import { ScalingHistory } from "./scaling-history.tsx";
import { decisionNear, marksOf } from "./scaling-marks.ts";
import type { ServerlessCache } from "./serverless-cache.ts";
import { useScaling } from "./use-scaling.ts";

const NO_DECISIONS: readonly ScalingDecision[] = [];

/** What the cache used and had, with the moments at which Larder scaled it, and why. */
export function ScalingPanel({ cache }: { cache: ServerlessCache }) {
	const range = useMetricsRange();
	const metrics = useCacheMetrics(cache, range);
	const scaling = useScaling(cache);
	const [pointedAt, setPointedAt] = useState<string | null>(null);
	return (
		<section aria-labelledby="scaling" className="flex min-w-0 flex-col gap-4">
			<header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
				<h2 id="scaling" className="text-[0.9375rem] font-semibold">
					Scaling
				</h2>
				<MetricsRangeChoice />
			</header>
			{metrics.data === undefined && metrics.error !== null && (
				<ProblemState title="Metrics couldn't be loaded" error={metrics.error} />
			)}
			{metrics.data === undefined && metrics.isPending && cache.status !== "deleting" && (
				<BlockSkeleton className="h-66" label="Loading metrics" />
			)}
			{metrics.data !== undefined && (
				<Charts
					createdAt={cache.createdAt}
					engine={cache.engine}
					metrics={metrics.data}
					decisions={scaling.data?.items ?? NO_DECISIONS}
					pointedAt={pointedAt}
					onPoint={setPointedAt}
				/>
			)}
			<ScalingHistory cache={cache} query={scaling} pointedAt={pointedAt} onPoint={setPointedAt} />
		</section>
	);
}

interface ChartsProps {
	createdAt: string;
	engine: ServerlessCache["engine"];
	metrics: CacheMetrics;
	decisions: readonly ScalingDecision[];
	/** The time of the decision that the user points at. */
	pointedAt: string | null;
	onPoint: (at: string | null) => void;
}

function Charts({ createdAt, engine, metrics, decisions, pointedAt, onPoint }: ChartsProps) {
	const charts = useMemo(() => chartsOf(metrics, engine), [metrics, engine]);
	const marks = useMemo(() => marksOf(decisions, pointedAt), [decisions, pointedAt]);
	const { fromSeconds, toSeconds } = lifetimeIn(metrics, createdAt);
	return (
		<div className="grid gap-4 lg:grid-cols-2">
			{charts.map((chart) => (
				<MetricChart
					key={chart.title}
					{...chart}
					marks={marks}
					onMoment={(seconds) =>
						onPoint(decisionNear(decisions, seconds, toSeconds - fromSeconds)?.at ?? null)
					}
					fromSeconds={fromSeconds}
					toSeconds={toSeconds}
					syncKey="scaling"
				/>
			))}
		</div>
	);
}

function chartsOf(metrics: CacheMetrics, engine: ServerlessCache["engine"]) {
	// Each Memcached node has its own part of the data.
	const combine = engine === "memcached" ? sum : sumOfShards;
	const held = (label: string, metric: "memoryUsedBytes" | "memoryMaxBytes") =>
		overall(metrics, label, reading(metric), combine);
	return [
		{
			title: "Data storage",
			data: sideBySide([held("Used", "memoryUsedBytes"), held("Capacity", "memoryMaxBytes")]),
			format: formatBytes,
			isBinary: true,
		},
		{
			title: "Requests",
			data: overall(metrics, "Requests", reading("opsPerSecond"), sum),
			format: (value: number) => `${formatCount(value)}/s`,
		},
	];
}
