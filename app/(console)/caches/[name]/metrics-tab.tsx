"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Cache } from "../../../../server/contract/cache.ts";
import { type CacheMetrics, metricsRangeSchema } from "../../../../server/contract/metrics.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { formatCount, formatPercent } from "../../../_lib/format/count.ts";
import { CALM_POLL_MS } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { useUrlParams } from "../../../_lib/use-url-params.ts";
import { MetricChart } from "../../../_ui/charts/metric-chart.tsx";
import { byNode, readHitRate, reading } from "../../../_ui/charts/series.ts";
import { ProblemState } from "../../../_ui/notices.tsx";
import { Segmented } from "../../../_ui/segmented.tsx";
import { BlockSkeleton } from "../../../_ui/skeletons.tsx";

const perSecond = (value: number) => `${formatCount(value)}/s`;

const METRICS = [
	{ title: "Operations", read: reading("opsPerSecond"), format: perSecond },
	{ title: "Memory used", read: reading("memoryUsedBytes"), format: formatBytes, isBinary: true },
	{ title: "Hit rate", read: readHitRate, format: formatPercent, maxValue: 1 },
	{ title: "Clients", read: reading("clients"), format: formatCount },
	{
		title: "Engine CPU, of one core",
		read: reading("cpuPercent"),
		format: (percent: number) => formatPercent(percent / 100),
	},
	{ title: "Keys", read: reading("keys"), format: formatCount },
	{ title: "Hits", read: reading("hitsPerSecond"), format: perSecond },
	{ title: "Misses", read: reading("missesPerSecond"), format: perSecond },
	{ title: "Evictions", read: reading("evictionsPerSecond"), format: perSecond },
	{
		title: "Replication lag",
		read: reading("replicationLagBytes"),
		format: formatBytes,
		isBinary: true,
	},
] as const;

const RANGE_OPTIONS = metricsRangeSchema.options.map((range) => ({ value: range, label: range }));
/** 5 → "5 s", 300 → "5 min", 7200 → "2 h". */
function resolutionWords(seconds: number): string {
	if (seconds < 60) return `${seconds} s`;
	return seconds < 3_600 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

const LONG_POLL_MS = 30_000;

export function MetricsTab({ cache }: { cache: Cache }) {
	const trpc = useTRPC();
	const { params, change } = useUrlParams();
	const range = metricsRangeSchema.safeParse(params.get("range")).data ?? "1h";
	const isShort = range === "15m" || range === "1h";
	const { data, error, isPending, refetch } = useQuery(
		trpc.caches.metrics.queryOptions(
			{ name: cache.name, range },
			{
				refetchInterval: isShort ? CALM_POLL_MS : LONG_POLL_MS,
				placeholderData: keepPreviousData,
				enabled: cache.status !== "deleting",
			},
		),
	);
	return (
		<div className="flex flex-col gap-4">
			<div className="flex flex-wrap items-center justify-between gap-2">
				<Segmented
					label="Time range"
					value={range}
					options={RANGE_OPTIONS}
					onChange={(next) => change({ range: next === "1h" ? null : next })}
				/>
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
			{data !== undefined && <Charts metrics={data} />}
		</div>
	);
}

function Charts({ metrics }: { metrics: CacheMetrics }) {
	const charts = useMemo(
		() => METRICS.map(({ read, ...chart }) => ({ ...chart, data: byNode(metrics, read) })),
		[metrics],
	);
	return (
		<div className="grid gap-4 lg:grid-cols-2">
			{charts.map((chart) => (
				<MetricChart
					key={chart.title}
					{...chart}
					fromSeconds={Date.parse(metrics.from) / 1_000}
					toSeconds={Date.parse(metrics.to) / 1_000}
					syncKey="metrics"
				/>
			))}
		</div>
	);
}
