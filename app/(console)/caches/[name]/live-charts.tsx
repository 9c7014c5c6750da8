"use client";

import { useQuery } from "@tanstack/react-query";
import type { Cache } from "../../../../server/contract/cache.ts";
import { formatCount, formatPercent } from "../../../_lib/format/count.ts";
import { CALM_POLL_MS } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { highest, overall, readHitRate, reading, sum } from "../../../_ui/charts/series.ts";
import { SparkCard } from "../../../_ui/charts/spark-card.tsx";
import { ProblemBanner } from "../../../_ui/notices.tsx";

function mean(values: readonly number[]): number {
	return values.length === 0 ? 0 : sum(values) / values.length;
}

const CHARTS = [
	{
		title: "Requests / s",
		read: reading("opsPerSecond"),
		combine: sum,
		format: formatCount,
		color: 0,
	},
	{
		title: "Hit rate",
		read: readHitRate,
		combine: mean,
		format: formatPercent,
		color: 1,
		maxValue: 1.05,
		nothing: "no reads",
	},
	{ title: "Clients", read: reading("clients"), combine: sum, format: formatCount, color: 4 },
	{
		title: "Engine CPU",
		read: reading("cpuPercent"),
		combine: highest,
		format: (percent: number) => formatPercent(percent / 100),
		color: 2,
	},
] as const;

const SHORTEST_SPAN_SECONDS = 120;

/** The last quarter of an hour in four lines. */
export function LiveCharts({ cache }: { cache: Cache }) {
	const trpc = useTRPC();
	const { data, error } = useQuery(
		trpc.caches.metrics.queryOptions(
			{ name: cache.name, range: "15m" },
			{ refetchInterval: CALM_POLL_MS, enabled: cache.status !== "deleting" },
		),
	);
	if (error !== null && data === undefined) {
		return <ProblemBanner title="Metrics couldn't be loaded" error={error} />;
	}
	const toSeconds = data === undefined ? 1 : Date.parse(data.to) / 1_000;
	// A young cache fills its charts with the minutes that it has lived.
	const fromSeconds =
		data === undefined
			? 0
			: Math.min(
					toSeconds - SHORTEST_SPAN_SECONDS,
					Math.max(Date.parse(data.from) / 1_000, Date.parse(cache.createdAt) / 1_000),
				);
	return (
		<div className="grid grid-cols-2 gap-4 md:grid-cols-4">
			{CHARTS.map(({ read, combine, ...chart }) => (
				<SparkCard
					key={chart.title}
					{...chart}
					data={data === undefined ? null : overall(data, chart.title, read, combine)}
					fromSeconds={fromSeconds}
					toSeconds={toSeconds}
				/>
			))}
		</div>
	);
}
