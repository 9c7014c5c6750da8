"use client";

import type { CacheNode } from "../../../../server/contract/cache-view.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { formatCount } from "../../../_lib/format/count.ts";
import { classNames } from "../../../_ui/class-names.ts";
import { Bytes, Count } from "../../../_ui/quantity.tsx";
import { Status } from "../../../_ui/status.tsx";
import { UsageBar } from "../../../_ui/usage-bar.tsx";
import { moveWords, roleWord } from "../topology-words.ts";

/** One node at a glance: role, operations, memory, and lag or clients. */
export function NodeCard({ node }: { node: CacheNode }) {
	const { metrics, role, status } = node;
	const isPrimary = role === "primary";
	return (
		<li
			title={`${node.id} on ${node.host}, ${node.address}:${node.port}`}
			data-node={node.id}
			className={classNames(
				"min-w-0 rounded-xl border px-3 py-2.5",
				isPrimary ? "border-accent bg-accent-soft" : "border-border bg-surface",
			)}
		>
			<div className="flex items-baseline justify-between gap-2 text-xs">
				<span className="truncate font-semibold">
					{role === "node" ? node.id : roleWord(role)}
					<span className="topology-zone-of-node font-normal text-muted"> · {node.zone}</span>
				</span>
				<span className={isPrimary ? "text-accent-soft-foreground" : "text-muted"}>
					<Count value={metrics?.opsPerSecond} unit="/s" />
				</span>
			</div>
			<div
				className={classNames(
					"mt-0.5 flex items-baseline justify-between gap-2 text-xs",
					isPrimary ? "text-accent-soft-foreground" : "text-muted",
				)}
			>
				<Bytes value={metrics?.memoryUsedBytes} />
				<span className="truncate tabular-nums">{metrics === null ? "" : secondFact(node)}</span>
			</div>
			<div className="mt-2">
				{metrics === null ? (
					<div className="h-1.5 rounded-full bg-track" />
				) : (
					<UsageBar
						label={`Memory of ${node.id}: ${formatBytes(metrics.memoryUsedBytes)} of ${formatBytes(metrics.memoryMaxBytes)}`}
						used={metrics.memoryUsedBytes}
						total={metrics.memoryMaxBytes}
					/>
				)}
			</div>
			{node.move !== null && (
				<p className="mt-2 text-xs">
					<Status status="modifying" look="text" word={moveWords(node)} />
				</p>
			)}
			{status !== "available" && (
				<div className="mt-2 text-xs">
					<Status status={status} look="text" />
					{node.statusReason !== null && (
						<p className="mt-0.5 line-clamp-3 text-pretty text-muted" title={node.statusReason}>
							{node.statusReason}
						</p>
					)}
				</div>
			)}
		</li>
	);
}

/** The lag of a replica; the number of clients of any other node. */
function secondFact({ role, metrics }: CacheNode): string {
	if (metrics === null) return "";
	if (role === "replica" && metrics.replicationLagBytes !== null) {
		return metrics.replicationLagBytes <= 0
			? "in sync"
			: `lag ${formatBytes(metrics.replicationLagBytes)}`;
	}
	return `${formatCount(metrics.clients)} ${metrics.clients === 1 ? "client" : "clients"}`;
}
