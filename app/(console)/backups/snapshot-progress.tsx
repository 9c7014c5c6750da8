"use client";

import type { Snapshot } from "../../../server/contract/snapshot.ts";
import { formatBytes } from "../../_lib/format/bytes.ts";
import { formatDuration } from "../../_lib/format/time.ts";
import { useNow } from "../../_lib/use-now.ts";
import { UsageBar } from "../../_ui/usage-bar.tsx";

/** How far along a snapshot is: percent, bytes and the time that is left. */
export function SnapshotProgress({ snapshot }: { snapshot: Snapshot }) {
	const { name, kind, percent, progress } = snapshot;
	return (
		<span className="flex min-w-40 flex-col gap-1">
			<UsageBar label={`Progress of ${name}`} used={percent} total={100} />
			<span className="flex flex-wrap gap-x-2 text-xs text-muted tabular-nums">
				<span className="font-medium text-foreground">{percent}%</span>
				{progress !== null && progress.copiedBytes > 0 && (
					<span>
						{kind === "imported"
							? `${formatBytes(progress.storedBytes)} received`
							: `${formatBytes(progress.storedBytes)} of ${formatBytes(progress.copiedBytes)} stored`}
					</span>
				)}
				<TimeLeft until={progress?.estimatedEndAt ?? null} />
			</span>
		</span>
	);
}

function TimeLeft({ until }: { until: string | null }) {
	const nowMs = useNow();
	if (until === null || nowMs === null) return null;
	const leftMs = Math.max(1_000, Date.parse(until) - nowMs);
	return <span aria-live="off">about {formatDuration(leftMs)} left</span>;
}
