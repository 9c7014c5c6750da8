"use client";

import type { Cache } from "../../../../server/contract/cache-view.ts";
import { formatCount, formatPercent } from "../../../_lib/format/count.ts";
import {
	type Combine,
	highest,
	overall,
	readHitRate,
	reading,
	sum,
} from "../../../_ui/charts/series.ts";
import { SparkCard } from "../../../_ui/charts/spark-card.tsx";
import { ProblemBanner } from "../../../_ui/notices.tsx";
import { lifetimeIn } from "./chart-span.ts";
import { useCacheMetrics } from "./use-cache-metrics.ts";

const mean: Combine = (samples) =>
	samples.length === 0
		? 0
		: samples.reduce((total, { value }) => total + value, 0) / samples.length;

interface LiveChart {
	title: string;
	read: ReturnType<typeof reading>;
	combine: Combine;
	format: (value: number) => string;
	color: number;
	maxValue?: number;
	nothing?: string;
}

const CHARTS: readonly LiveChart[] = [
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
];

const ENGINE_CPU: LiveChart = {
	title: "Engine CPU",
	read: reading("cpuPercent"),
	combine: highest,
	format: (percent) => formatPercent(percent / 100),
	color: 2,
};

/** A serverless cache's user has no engines to look after. */
const EVICTIONS: LiveChart = {
	title: "Evictions / s",
	read: reading("evictionsPerSecond"),
	combine: sum,
	format: formatCount,
	color: 2,
};

/** The last 15 minutes in four charts. */
export function LiveCharts({ cache }: { cache: Cache }) {
	const { data, error } = useCacheMetrics(cache, "15m");
	if (error !== null && data === undefined) {
		return <ProblemBanner title="Metrics couldn't be loaded" error={error} />;
	}
	const span =
		data === undefined ? { fromSeconds: 0, toSeconds: 1 } : lifetimeIn(data, cache.createdAt);
	return (
		<div className="grid grid-cols-2 gap-4 md:grid-cols-4">
			{[...CHARTS, cache.kind === "serverless" ? EVICTIONS : ENGINE_CPU].map(
				({ read, combine, ...chart }) => (
					<SparkCard
						key={chart.title}
						{...chart}
						data={data === undefined ? null : overall(data, chart.title, read, combine)}
						{...span}
					/>
				),
			)}
		</div>
	);
}
