"use client";

import type { Cache, CacheNode } from "../../../../server/contract/cache.ts";
import { exactBytes, formatBytes } from "../../../_lib/format/bytes.ts";
import { formatPercent } from "../../../_lib/format/count.ts";
import { CopyButton } from "../../../_ui/copy-button.tsx";
import { type Column, DataTable } from "../../../_ui/data-table.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { Bytes, Count } from "../../../_ui/quantity.tsx";
import { Status } from "../../../_ui/status.tsx";

function Lag({ node }: { node: CacheNode }) {
	const lag = node.metrics?.replicationLagBytes ?? null;
	if (node.role !== "replica" || lag === null) return <span className="text-muted">–</span>;
	return <span title={exactBytes(lag)}>{lag <= 0 ? "0" : formatBytes(lag)}</span>;
}

const COLUMNS: readonly Column<CacheNode>[] = [
	{
		id: "node",
		header: "Node",
		lead: true,
		cell: (node) => <span className="font-semibold whitespace-nowrap">{node.id}</span>,
	},
	{
		id: "role",
		header: "Role",
		cell: (node) =>
			node.role === null ? (
				<span className="text-muted">–</span>
			) : node.role === "primary" ? (
				"Primary"
			) : (
				"Replica"
			),
	},
	{
		id: "status",
		header: "Status",
		cell: (node) => (
			<span className="inline-flex flex-col gap-1">
				<Status status={node.status} />
				{node.statusReason !== null && (
					<span className="max-w-64 text-xs text-pretty text-muted">{node.statusReason}</span>
				)}
			</span>
		),
	},
	{ id: "zone", header: "Zone", cell: (node) => node.zone },
	{ id: "host", header: "Host", cell: (node) => node.host },
	{
		id: "endpoint",
		header: "Endpoint",
		cell: (node) => {
			const address = `${node.address}:${node.port}`;
			return (
				<span className="inline-flex items-center gap-1 whitespace-nowrap">
					<code className="font-mono text-xs">{address}</code>
					<CopyButton text={address} label={`Copy endpoint of ${node.id}`} />
				</span>
			);
		},
	},
	{
		id: "memory",
		header: "Memory",
		align: "end",
		cell: (node) => <Bytes value={node.metrics?.memoryUsedBytes} />,
	},
	{
		id: "ops",
		header: "Ops/s",
		align: "end",
		cell: (node) => <Count value={node.metrics?.opsPerSecond} />,
	},
	{
		id: "clients",
		header: "Clients",
		align: "end",
		cell: (node) => <Count value={node.metrics?.clients} />,
	},
	{
		id: "cpu",
		header: "CPU",
		align: "end",
		cell: (node) =>
			node.metrics === null ? (
				<span className="text-muted">–</span>
			) : (
				<span className="tabular-nums">{formatPercent(node.metrics.cpuPercent / 100)}</span>
			),
	},
	{ id: "lag", header: "Lag", align: "end", cell: (node) => <Lag node={node} /> },
	{
		id: "pid",
		header: "Process",
		align: "end",
		cell: (node) => <span className="tabular-nums">{node.pid ?? "–"}</span>,
	},
];

export function NodesTab({ cache }: { cache: Cache }) {
	const nodes = cache.shards.flatMap((shard) => shard.nodes);
	return (
		<Panel flush>
			{nodes.length === 0 ? (
				<p className="px-4 py-10 text-center text-sm text-muted">No node is placed yet.</p>
			) : (
				<DataTable
					label={`Nodes of ${cache.name}`}
					columns={COLUMNS}
					rows={nodes}
					rowKey={(node) => node.id}
				/>
			)}
		</Panel>
	);
}
