"use client";

import { plural } from "../../_lib/format/count.ts";
import { useOverview } from "../../_lib/queries.ts";
import { Panel } from "../../_ui/panel.tsx";
import { Bytes } from "../../_ui/quantity.tsx";
import { BlockSkeleton } from "../../_ui/skeletons.tsx";
import { Status } from "../../_ui/status.tsx";
import { UsageBar } from "../../_ui/usage-bar.tsx";

/** How full each zone is. Offline hosts are counted, but their memory isn't. */
export function ZoneCapacity() {
	const { data, isPending } = useOverview();
	if (isPending) return <BlockSkeleton className="h-[7.6875rem]" label="Loading capacity" />;
	if (data === undefined || data.zones.length === 0) return null;
	return (
		<Panel title="Capacity by zone" aside="memory assigned to nodes">
			<ul className="grid gap-x-8 gap-y-4 sm:grid-cols-2 lg:grid-cols-3">
				{data.zones.map((zone) => (
					<li key={zone.name}>
						<div className="flex items-baseline justify-between gap-2">
							<h3 className="truncate font-semibold">{zone.name}</h3>
							{zone.online === zone.hosts ? (
								<Status status="online" look="text" word={`${plural(zone.hosts, "host")} online`} />
							) : (
								<Status
									status={zone.online === 0 ? "offline" : "warning"}
									look="text"
									word={`${zone.online} of ${plural(zone.hosts, "host")} online`}
								/>
							)}
						</div>
						<p className="mt-1 mb-1.5 text-[0.8125rem]">
							<Bytes value={zone.memoryAssignedBytes} />
							<span className="text-muted">
								{" of "}
								<Bytes value={zone.memoryBytes} />
								{" · "}
								<Bytes value={Math.max(0, zone.memoryBytes - zone.memoryAssignedBytes)} /> free
							</span>
						</p>
						<UsageBar
							label={`Memory assigned in ${zone.name}`}
							used={zone.memoryAssignedBytes}
							total={zone.memoryBytes}
							tone="auto"
							size="thick"
						/>
					</li>
				))}
			</ul>
		</Panel>
	);
}
