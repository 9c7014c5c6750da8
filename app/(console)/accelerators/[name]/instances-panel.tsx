import { Server } from "lucide-react";
import type { AcceleratorView } from "../../../../server/contract/accelerator.ts";
import { EmptyState } from "../../../_ui/notices.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { Status, type StatusName } from "../../../_ui/status.tsx";
import { type Column, DataTable } from "../../../_ui/table/data-table.tsx";

type Instance = AcceleratorView["instances"][number];

const STATUSES: Readonly<Record<Instance["status"], { status: StatusName; word?: string }>> = {
	starting: { status: "creating", word: "Starting" },
	running: { status: "available", word: "Running" },
	failed: { status: "failed" },
	unknown: { status: "unknown" },
};

const COLUMNS: readonly Column<Instance>[] = [
	{
		id: "host",
		header: "Host",
		lead: true,
		cell: ({ host }) => <span className="font-semibold">{host}</span>,
	},
	{ id: "zone", header: "Zone", cell: ({ zone }) => zone },
	{
		id: "address",
		header: "Address",
		cell: ({ address, port }) => (
			<code className="font-mono text-xs">{port === null ? address : `${address}:${port}`}</code>
		),
	},
	{ id: "status", header: "Status", cell: ({ status }) => <Status {...STATUSES[status]} /> },
	{
		id: "cache",
		header: "Reaches its cache",
		cell: ({ cacheUsable }) => (cacheUsable === null ? "–" : cacheUsable ? "Yes" : "No"),
	},
	{ id: "reason", header: "Reason", cell: ({ reason }) => reason ?? "–" },
];

export function InstancesPanel({ accelerator }: { accelerator: AcceleratorView }) {
	const { instances, instancesWanted } = accelerator;
	return (
		<Panel title="Instances" aside={`${instances.length} of ${instancesWanted}`} flush>
			{instances.length === 0 ? (
				<EmptyState icon={Server} title="No instances yet">
					Larder is looking for hosts that can run them.
				</EmptyState>
			) : (
				<DataTable label="Instances" columns={COLUMNS} rows={instances} rowKey={({ id }) => id} />
			)}
		</Panel>
	);
}
