"use client";

import type { CSSProperties, ReactNode } from "react";
import type { Cache, CacheNode } from "../../../../server/contract/cache.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { formatCount } from "../../../_lib/format/count.ts";
import { useOverview } from "../../../_lib/queries.ts";
import { useNow } from "../../../_lib/use-now.ts";
import { classNames } from "../../../_ui/class-names.ts";
import { Panel } from "../../../_ui/panel.tsx";
import { Bytes, Count } from "../../../_ui/quantity.tsx";
import { Status } from "../../../_ui/status.tsx";
import { UsageBar } from "../../../_ui/usage-bar.tsx";

const EMPTY_ZONES_SHOWN_UP_TO = 5;

/** The zones that hold nodes; the others too, while they are few. */
function columnsOf(nodes: readonly CacheNode[], fleetZones: readonly string[]): string[] {
	const own = new Set(nodes.map(({ zone }) => zone));
	const all = new Set([...own, ...fleetZones]);
	return [...(all.size <= EMPTY_ZONES_SHOWN_UP_TO ? all : own)].sort();
}

function Freshness({ updatedAtMs }: { updatedAtMs: number }) {
	const nowMs = useNow();
	if (nowMs === null) return null;
	const seconds = Math.max(0, Math.round((nowMs - updatedAtMs) / 1_000));
	return <span className="text-xs tabular-nums">live · updated {seconds} s ago</span>;
}

/** Zones are columns, shards are rows: where every node is, and how it does. */
export function Topology({ cache, updatedAtMs }: { cache: Cache; updatedAtMs: number }) {
	const { data: overview } = useOverview();
	const nodes = cache.shards.flatMap((shard) => shard.nodes);
	const zones = columnsOf(nodes, overview?.zones.map(({ name }) => name) ?? []);
	const hostsOf = (zone: string) => [
		...new Set(nodes.filter((node) => node.zone === zone).map(({ host }) => host)),
	];
	return (
		<Panel title="Topology" aside={<Freshness updatedAtMs={updatedAtMs} />}>
			{nodes.length === 0 ? (
				<p className="py-8 text-center text-sm text-muted">
					No node is placed yet. Zones and hosts appear here once they are chosen.
				</p>
			) : (
				<div className="topology-frame overflow-x-auto">
					<div
						className="topology-grid"
						style={
							{ "--topology-zones": zones.length, "--topology-label": "4.75rem" } as CSSProperties
						}
					>
						<div className="topology-head" />
						{zones.map((zone) => (
							<p key={zone} className="topology-head truncate text-xs font-semibold text-muted">
								{zone}
								{hostsOf(zone).length === 1 &&
									hostsOf(zone)[0] !== zone &&
									` · ${hostsOf(zone)[0]}`}
							</p>
						))}
						{cache.shards.map((shard, index) => (
							<ShardRow key={shard.id} label={`Shard ${index + 1}`} slots={shard.slots}>
								{zones.map((zone) => (
									<ZoneCell key={zone} nodes={shard.nodes.filter((node) => node.zone === zone)} />
								))}
							</ShardRow>
						))}
					</div>
				</div>
			)}
		</Panel>
	);
}

function ShardRow({
	label,
	slots,
	children,
}: {
	label: string;
	slots: string | null;
	children: ReactNode;
}) {
	return (
		<>
			<div className="self-center">
				<p className="font-semibold">{label}</p>
				<p className="text-xs text-muted">{slots ?? "all keys"}</p>
			</div>
			{children}
		</>
	);
}

function ZoneCell({ nodes }: { nodes: readonly CacheNode[] }) {
	if (nodes.length === 0) {
		return (
			<div className="topology-empty min-h-17 rounded-xl border border-dashed border-border" />
		);
	}
	return (
		<ul className="flex min-w-0 flex-col gap-2">
			{nodes.map((node) => (
				<NodeCard key={node.id} node={node} />
			))}
		</ul>
	);
}

function NodeCard({ node }: { node: CacheNode }) {
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
					{role === "primary" ? "Primary" : role === "replica" ? "Replica" : "No role yet"}
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

/** A replica's lag, a primary's clients. */
function secondFact({ role, metrics }: CacheNode): string {
	if (metrics === null) return "";
	if (role === "replica" && metrics.replicationLagBytes !== null) {
		return metrics.replicationLagBytes <= 0
			? "in sync"
			: `lag ${formatBytes(metrics.replicationLagBytes)}`;
	}
	return `${formatCount(metrics.clients)} ${metrics.clients === 1 ? "client" : "clients"}`;
}
