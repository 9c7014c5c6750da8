"use client";

import type { Cache } from "../../../../server/contract/cache-view.ts";
import { AvailabilityPanel } from "./availability-panel.tsx";
import { CapacityPanel } from "./capacity-panel.tsx";
import { CostPanel } from "./cost-panel.tsx";
import { EndpointsPanel } from "./endpoints-panel.tsx";
import { LiveCharts } from "./live-charts.tsx";
import { RecentEvents } from "./recent-events.tsx";
import { Topology } from "./topology.tsx";

export function OverviewTab({ cache, updatedAtMs }: { cache: Cache; updatedAtMs: number }) {
	return (
		<div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_21.5rem] xl:grid-rows-[auto_1fr]">
			<div className="flex min-w-0 flex-col gap-4">
				<Topology cache={cache} updatedAtMs={updatedAtMs} />
				<LiveCharts cache={cache} />
			</div>
			<div className="grid min-w-0 items-start gap-4 md:grid-cols-2 xl:row-span-2 xl:grid-cols-1">
				<EndpointsPanel cache={cache} />
				<AvailabilityPanel cache={cache} />
				<CapacityPanel cache={cache} />
				<CostPanel name={cache.name} />
			</div>
			<RecentEvents cache={cache} />
		</div>
	);
}
