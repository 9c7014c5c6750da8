"use client";

import { CostPanel } from "../cost-panel.tsx";
import { EndpointsPanel } from "../endpoints-panel.tsx";
import { LiveCharts } from "../live-charts.tsx";
import { RecentEvents } from "../recent-events.tsx";
import { ResiliencePanel } from "./resilience-panel.tsx";
import { ScalingPanel } from "./scaling-panel.tsx";
import type { ServerlessCache } from "./serverless-cache.ts";
import { UsagePanel } from "./usage-panel.tsx";

interface ServerlessOverviewProps {
	cache: ServerlessCache;
	updatedAtMs: number;
}

/** What a serverless cache's user needs: what it uses, how it was scaled, and where clients connect. */
export function ServerlessOverview({ cache, updatedAtMs }: ServerlessOverviewProps) {
	return (
		<div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_21.5rem] xl:grid-rows-[auto_1fr]">
			<div className="flex min-w-0 flex-col gap-4">
				<UsagePanel cache={cache} updatedAtMs={updatedAtMs} />
				<LiveCharts cache={cache} />
			</div>
			<div className="grid min-w-0 items-start gap-4 md:grid-cols-2 xl:row-span-2 xl:grid-cols-1">
				<EndpointsPanel cache={cache} />
				<ResiliencePanel cache={cache} />
				<CostPanel name={cache.name} />
				<div className="md:col-span-2 xl:col-span-1">
					<RecentEvents cache={cache} />
				</div>
			</div>
			<ScalingPanel cache={cache} />
		</div>
	);
}
