"use client";

import type { ReactNode } from "react";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import type { NodeMetrics } from "../../../../server/contract/metrics.ts";
import { exactBytes, formatBytes } from "../../../_lib/format/bytes.ts";
import { formatPercent } from "../../../_lib/format/count.ts";
import { formatMoney, monthlyCost } from "../../../_lib/format/money.ts";
import { useRateCard } from "../../../_lib/queries.ts";
import { Panel } from "../../../_ui/panel.tsx";
import { Count } from "../../../_ui/quantity.tsx";
import { UsageBar } from "../../../_ui/usage-bar.tsx";
import { dataNodesOf, nodesOf } from "../topology-words.ts";

function Row({ label, children, bar }: { label: string; children: ReactNode; bar?: ReactNode }) {
	return (
		<div className="flex flex-wrap items-baseline justify-between gap-x-3 gap-y-1.5">
			<dt className="text-muted">{label}</dt>
			<dd className="tabular-nums">{children}</dd>
			{bar !== undefined && <dd className="w-full">{bar}</dd>}
		</div>
	);
}

/** Totals of the nodes that hold data, and the hit rate of all nodes; null before the first sample. */
function measure(cache: Cache) {
	const dataNodes = dataNodesOf(cache).flatMap(({ metrics }) => metrics ?? []);
	if (dataNodes.length === 0) return null;
	const total = (of: readonly NodeMetrics[], read: (metrics: NodeMetrics) => number) =>
		of.reduce((sum, metrics) => sum + read(metrics), 0);
	const all = nodesOf(cache).flatMap(({ metrics }) => metrics ?? []);
	const hits = total(all, ({ hitsPerSecond }) => hitsPerSecond);
	const misses = total(all, ({ missesPerSecond }) => missesPerSecond);
	return {
		memoryUsedBytes: total(dataNodes, ({ memoryUsedBytes }) => memoryUsedBytes),
		memoryMaxBytes: total(dataNodes, ({ memoryMaxBytes }) => memoryMaxBytes),
		keys: total(dataNodes, ({ keys }) => keys),
		evictionsPerSecond: total(dataNodes, ({ evictionsPerSecond }) => evictionsPerSecond),
		hitRate: hits + misses > 0 ? hits / (hits + misses) : null,
	};
}

export function CapacityPanel({ cache }: { cache: Cache }) {
	const { hourlyCost } = cache;
	const measured = measure(cache);
	const { data: rateCard } = useRateCard();
	return (
		<Panel title="Capacity">
			<dl className="flex flex-col gap-2.5">
				{measured === null ? (
					<Row label="Metrics">
						<span className="text-muted">every 5 s once nodes are running</span>
					</Row>
				) : (
					<Measured {...measured} />
				)}
				<Row label="Node type">{cache.nodeType}</Row>
				{rateCard !== undefined && hourlyCost !== null && (
					<Row label="Cost from your rate card">
						<span title={`${formatMoney(hourlyCost, rateCard.currency)} an hour`}>
							{formatMoney(monthlyCost(hourlyCost), rateCard.currency)} / month
						</span>
					</Row>
				)}
			</dl>
		</Panel>
	);
}

function Measured(props: NonNullable<ReturnType<typeof measure>>) {
	const { memoryUsedBytes, memoryMaxBytes, keys, evictionsPerSecond, hitRate } = props;
	return (
		<>
			<Row
				label="Memory"
				bar={
					<UsageBar
						label="Memory for data"
						used={memoryUsedBytes}
						total={memoryMaxBytes}
						tone="auto"
					/>
				}
			>
				<span title={`${exactBytes(memoryUsedBytes)} of ${exactBytes(memoryMaxBytes)}`}>
					{formatBytes(memoryUsedBytes)} of {formatBytes(memoryMaxBytes)}
				</span>
			</Row>
			<Row
				label="Hit rate"
				bar={<UsageBar label="Hit rate" used={hitRate ?? 0} total={1} tone="good" />}
			>
				{hitRate === null ? <span className="text-muted">no reads</span> : formatPercent(hitRate)}
			</Row>
			<Row label="Keys">
				<Count value={keys} />
			</Row>
			<Row label="Evictions">
				<Count value={evictionsPerSecond} unit="/s" />
			</Row>
		</>
	);
}
