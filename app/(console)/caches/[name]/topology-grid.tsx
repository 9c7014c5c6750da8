import type { CSSProperties, ReactNode } from "react";
import { classNames } from "../../../_ui/class-names.ts";

interface TopologyGridProps {
	zones: readonly string[];
	/** The first column names shards; Memcached has none. */
	hasShards: boolean;
	/** For a dialog, whose nodes show less. */
	isCompact?: boolean;
	/** What to show beside a zone's name. */
	besideZone?: (zone: string) => ReactNode;
	/** Rows, each with a cell for its shard and one for each zone. */
	children: ReactNode;
}

/** Zones as columns, shards as rows. In a narrow frame the nodes stack, and each names its zone (topology.css). */
export function TopologyGrid({
	zones,
	hasShards,
	isCompact = false,
	besideZone,
	children,
}: TopologyGridProps) {
	return (
		<div
			className={classNames(
				"overflow-x-auto",
				isCompact ? "topology-frame-compact" : "topology-frame",
			)}
		>
			<div
				className="topology-grid"
				data-rows={hasShards ? "shards" : "none"}
				style={{ "--topology-zones": zones.length } as CSSProperties}
			>
				{hasShards && <div className="topology-head" />}
				{zones.map((zone) => (
					<p key={zone} className="topology-head truncate text-xs font-semibold text-muted">
						{zone}
						{besideZone?.(zone)}
					</p>
				))}
				{children}
			</div>
		</div>
	);
}
