"use client";

import { Download } from "lucide-react";
import type { Snapshot } from "../../../../server/contract/snapshot.ts";
import { useIsViewer } from "../../../_lib/queries.ts";
import { CopyButton } from "../../../_ui/copy-button.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { Bytes, Count } from "../../../_ui/quantity.tsx";
import { type Column, DataTable } from "../../../_ui/table/data-table.tsx";
import { Time } from "../../../_ui/time.tsx";
import { slotWords } from "../../caches/topology-words.ts";

type ShardRow = Snapshot["shards"][number] & { index: number };

const COLUMNS: readonly Column<ShardRow>[] = [
	{ id: "shard", header: "Shard", lead: true, cell: ({ index }) => `Shard ${index + 1}` },
	{
		id: "slots",
		header: "Slots",
		cell: ({ slots }) => (
			<span className="inline-block max-w-40 break-words tabular-nums">{slotWords(slots)}</span>
		),
	},
	{
		id: "keys",
		header: "Keys",
		align: "end",
		cell: ({ keys }) => keys !== null && <Count value={keys} />,
	},
	{
		id: "bytes",
		header: "Size",
		align: "end",
		cell: ({ bytes }) => bytes !== null && <Bytes value={bytes} />,
	},
	{
		id: "sha256",
		header: "SHA-256",
		cell: ({ sha256, index }) =>
			sha256 !== null && (
				<span className="inline-flex items-center gap-1">
					<code className="font-mono text-xs" title={sha256}>
						{sha256.slice(0, 12)}…
					</code>
					<CopyButton text={sha256} label={`Copy SHA-256 of shard ${index + 1}`} />
				</span>
			),
	},
	{
		id: "taken",
		header: "Data as of",
		cell: ({ takenAt }) =>
			takenAt !== null && (
				<span className="whitespace-nowrap text-muted">
					<Time value={takenAt} />
				</span>
			),
	},
];

/** Fetches a shard's file. The browser follows it as the user who is signed in. */
function downloadColumn({ name, shards }: Snapshot): Column<ShardRow> {
	return {
		id: "file",
		header: "File",
		align: "end",
		cell: ({ index }) => (
			<a
				href={`/api/v1/snapshots/${encodeURIComponent(name)}/download?shard=${index + 1}`}
				download
				className="inline-flex items-center gap-1.5 font-medium whitespace-nowrap hover:underline"
				aria-label={
					shards.length === 1
						? "Download the RDB file"
						: `Download the RDB file of shard ${index + 1}`
				}
			>
				<Download aria-hidden className="size-3.5 text-muted" />
				Download
			</a>
		),
	};
}

/** One file a shard. A file holds everything that clients stored, so viewers can't download it. */
export function ShardsPanel({ snapshot }: { snapshot: Snapshot }) {
	const { shards, status } = snapshot;
	const isViewer = useIsViewer();
	const canDownload = status === "available" && !isViewer;
	return (
		<Panel title="Shards" flush={shards.length > 0}>
			{shards.length === 0 ? (
				<p className="text-sm text-muted">No host has begun to copy its data yet.</p>
			) : (
				<div className="pt-2">
					<DataTable
						label="Shards"
						columns={canDownload ? [...COLUMNS, downloadColumn(snapshot)] : COLUMNS}
						rows={shards.map((shard, index) => ({ ...shard, index }))}
						rowKey={({ index }) => String(index)}
					/>
				</div>
			)}
		</Panel>
	);
}
