"use client";

import type { Cache, CacheNode } from "../../../../server/contract/cache-view.ts";
import { exactBytes, formatBytes } from "../../../_lib/format/bytes.ts";
import { formatCount, formatPercent, plural } from "../../../_lib/format/count.ts";
import { CheckField } from "../../../_ui/check-field.tsx";
import { CopyButton } from "../../../_ui/copy-button.tsx";
import { Bytes, Count } from "../../../_ui/quantity.tsx";
import { Status } from "../../../_ui/status.tsx";
import type { Column } from "../../../_ui/table/data-table.tsx";
import { moveWords, roleWord, slotWords } from "../topology-words.ts";

export interface NodeRow extends CacheNode {
	/** From 1. */
	shard: number;
	slots: string | null;
}

function Lag({ node }: { node: CacheNode }) {
	const lag = node.metrics?.replicationLagBytes ?? null;
	if (node.role !== "replica" || lag === null) return <span className="text-muted">–</span>;
	return <span title={exactBytes(lag)}>{lag <= 0 ? "0" : formatBytes(lag)}</span>;
}

const COLUMNS: readonly Column<NodeRow>[] = [
	{
		id: "node",
		header: "Node",
		sortValue: (node) => node.id,
		lead: true,
		cell: (node) => <span className="cell-name font-semibold">{node.id}</span>,
	},
	{
		id: "role",
		header: "Role",
		sortValue: (node) => node.role,
		cell: (node) =>
			node.role === null ? <span className="text-muted">–</span> : roleWord(node.role),
	},
	{
		id: "status",
		header: "Status",
		sortValue: (node) => node.status,
		cell: (node) => (
			<span className="inline-flex flex-col gap-1">
				<Status status={node.status} />
				{node.move !== null && <Status status="modifying" look="text" word={moveWords(node)} />}
				{node.statusReason !== null && (
					<span className="max-w-64 text-xs text-pretty text-muted">{node.statusReason}</span>
				)}
				{node.clientLimit !== null && (
					<span className="max-w-64 text-xs text-pretty text-warning-soft-foreground">
						At most {formatCount(node.clientLimit.actual)} clients instead of{" "}
						{formatCount(node.clientLimit.wanted)}: {node.host} limits how many files a process can
						open
					</span>
				)}
				{node.pendingParameters.length > 0 && (
					<span
						className="text-xs text-warning-soft-foreground"
						title={node.pendingParameters.join(", ")}
					>
						{plural(node.pendingParameters.length, "parameter")} pending reboot
					</span>
				)}
			</span>
		),
	},
	{
		id: "zone",
		header: "Zone and host",
		sortValue: (node) => `${node.zone} ${node.host}`,
		cell: (node) => (
			<span className="cell-stack cell-name inline-flex flex-col">
				{node.zone}
				{node.host !== node.zone && <span className="text-xs text-muted">{node.host}</span>}
			</span>
		),
	},
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
		sortValue: (node) => node.metrics?.memoryUsedBytes ?? null,
		align: "end",
		cell: (node) => <Bytes value={node.metrics?.memoryUsedBytes} />,
	},
	{
		id: "ops",
		header: "Requests/s",
		sortValue: (node) => node.metrics?.opsPerSecond ?? null,
		align: "end",
		cell: (node) => <Count value={node.metrics?.opsPerSecond} />,
	},
	{
		id: "clients",
		header: "Clients",
		sortValue: (node) => node.metrics?.clients ?? null,
		align: "end",
		cell: (node) => <Count value={node.metrics?.clients} />,
	},
	{
		id: "cpu",
		header: "CPU",
		sortValue: (node) => node.metrics?.cpuPercent ?? null,
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

const SHARD: Column<NodeRow> = {
	id: "shard",
	header: "Shard",
	sortValue: (node) => node.shard,
	cell: (node) => (
		<span className="cell-stack inline-flex flex-col whitespace-nowrap">
			{node.shard}
			{node.slots !== null && (
				<span className="max-w-24 truncate text-xs text-muted" title={slotWords(node.slots)}>
					{slotWords(node.slots)}
				</span>
			)}
		</span>
	),
};

interface NodeColumnsOptions {
	cache: Cache;
	rows: readonly NodeRow[];
	/** Ids. */
	chosen: ReadonlySet<string>;
	toggle: (ids: readonly string[], isChosen: boolean) => void;
}

/** With a box to select each node, and its shard with cluster mode on. */
export function nodeColumns(options: NodeColumnsOptions): readonly Column<NodeRow>[] {
	const { cache, rows, chosen, toggle } = options;
	const ids = rows.map(({ id }) => id);
	const isAll = chosen.size === ids.length;
	const select: Column<NodeRow> = {
		id: "select",
		header: "Selected",
		headerCell: (
			<CheckField
				label="Select all nodes"
				hideLabel
				isChecked={isAll}
				isIndeterminate={!isAll && chosen.size > 0}
				onChange={(isChosen) => toggle(ids, isChosen)}
			/>
		),
		cell: (node) => (
			<CheckField
				label={`Select ${node.id}`}
				hideLabel
				isChecked={chosen.has(node.id)}
				onChange={(isChosen) => toggle([node.id], isChosen)}
			/>
		),
	};
	const shown = COLUMNS.filter(({ id }) => id !== "lag" || cache.replicasPerShard > 0);
	const [node, ...rest] = shown;
	if (node === undefined) return [];
	return [select, node, ...(cache.clusterMode === "enabled" ? [SHARD] : []), ...rest];
}
