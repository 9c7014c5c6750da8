"use client";

import type { ReactNode } from "react";
import type { Cache } from "../../../../server/contract/cache.ts";
import { exactBytes, formatBytes } from "../../../_lib/format/bytes.ts";
import { formatPercent } from "../../../_lib/format/count.ts";
import { Panel } from "../../../_ui/panel.tsx";
import { Count } from "../../../_ui/quantity.tsx";
import { UsageBar } from "../../../_ui/usage-bar.tsx";

function Row({ label, children, bar }: { label: string; children: ReactNode; bar?: ReactNode }) {
	return (
		<div className="flex flex-wrap items-baseline justify-between gap-x-3 gap-y-1.5">
			<dt className="text-muted">{label}</dt>
			<dd className="tabular-nums">{children}</dd>
			{bar !== undefined && <dd className="w-full">{bar}</dd>}
		</div>
	);
}

export function CapacityPanel({ cache }: { cache: Cache }) {
	const nodes = cache.shards.flatMap((shard) => shard.nodes);
	const metrics = nodes.find(({ role }) => role === "primary")?.metrics ?? null;
	const hits = nodes.reduce((sum, node) => sum + (node.metrics?.hitsPerSecond ?? 0), 0);
	const misses = nodes.reduce((sum, node) => sum + (node.metrics?.missesPerSecond ?? 0), 0);
	const hitRate = hits + misses > 0 ? hits / (hits + misses) : null;
	return (
		<Panel title="Capacity">
			{metrics === null ? (
				<p className="text-sm text-muted">Measured every 5 s once the primary runs.</p>
			) : (
				<dl className="flex flex-col gap-2.5">
					<Row
						label="Memory"
						bar={
							<UsageBar
								label="Memory for data"
								used={metrics.memoryUsedBytes}
								total={metrics.memoryMaxBytes}
								tone="auto"
							/>
						}
					>
						<span
							title={`${exactBytes(metrics.memoryUsedBytes)} of ${exactBytes(metrics.memoryMaxBytes)}`}
						>
							{formatBytes(metrics.memoryUsedBytes)} of {formatBytes(metrics.memoryMaxBytes)}
						</span>
					</Row>
					<Row
						label="Hit rate"
						bar={<UsageBar label="Hit rate" used={hitRate ?? 0} total={1} tone="good" />}
					>
						{hitRate === null ? (
							<span className="text-muted">no reads</span>
						) : (
							formatPercent(hitRate)
						)}
					</Row>
					<Row label="Keys">
						<Count value={metrics.keys} />
					</Row>
					<Row label="Evictions">
						<Count value={metrics.evictionsPerSecond} unit="/s" />
					</Row>
					<Row label="Node type">{cache.nodeType}</Row>
				</dl>
			)}
		</Panel>
	);
}
