import { engineSchema } from "../../../server/contract/enums.ts";
import type { Host } from "../../../server/contract/host.ts";
import { engineName } from "../../_lib/engines.ts";
import { formatCount, plural } from "../../_lib/format/count.ts";
import { ActionsMenu } from "../../_ui/actions-menu.tsx";
import { CopyButton } from "../../_ui/copy-button.tsx";
import type { Column } from "../../_ui/data-table.tsx";
import { Bytes } from "../../_ui/quantity.tsx";
import { Status } from "../../_ui/status.tsx";
import { Time } from "../../_ui/time.tsx";
import { UsageBar } from "../../_ui/usage-bar.tsx";
import { type HostDialogName, hostActions } from "./host-actions.ts";

/** "Valkey 9.1.2, Redis OSS 7.0.15" with each version once; the gateway's program isn't an engine. */
function engineWords(host: Host): string {
	const words = host.engines.flatMap(({ engine, version }) => {
		const known = engineSchema.safeParse(engine).data;
		return known === undefined ? [] : [`${engineName(known)} ${version}`];
	});
	return [...new Set(words)].join(", ");
}

const SERVICE_LOOKS = {
	starting: { status: "creating", word: "Starting" },
	running: { status: "available", word: "Running" },
	failed: { status: "failed", word: "Failed" },
	unknown: { status: "unknown", word: "Unknown" },
} as const;

/** The gateway serves caches' endpoints on each host. */
const GATEWAY_LOOKS = { ...SERVICE_LOOKS, off: { status: "warning", word: "Off" } } as const;

/** The Sentinel is off while it has nothing to watch, which is nothing to worry about. */
const SENTINEL_LOOKS = { ...SERVICE_LOOKS, off: { status: "info", word: "Off" } } as const;

interface ServiceProps {
	look: (typeof GATEWAY_LOOKS | typeof SENTINEL_LOOKS)[Host["gateway"]["status"]];
	reason: string | null;
}

function Service({ look, reason }: ServiceProps) {
	return (
		<span className="cell-stack inline-flex flex-col gap-0.5">
			<Status {...look} look="text" />
			{reason !== null && <span className="max-w-56 text-xs text-pretty text-muted">{reason}</span>}
		</span>
	);
}

/** Whether it reports, and what it is kept from or made to do. */
function HostState({ host }: { host: Host }) {
	return (
		<span className="cell-stack inline-flex flex-col gap-1">
			<Status status={host.status} />
			{host.lost && <Status status="failed" look="text" word="Lost" />}
			{host.draining ? (
				host.nodeCount === 0 ? (
					<Status status="info" look="text" word="Drained" />
				) : (
					<Status
						status="modifying"
						look="text"
						word={`Draining: ${plural(host.nodeCount, "node")} left`}
					/>
				)
			) : (
				host.cordoned && <Status status="cordoned" look="text" />
			)}
			{host.statusReason !== null && (
				<span className="max-w-64 text-xs text-pretty text-muted">{host.statusReason}</span>
			)}
		</span>
	);
}

const HOST_COLUMNS: readonly Column<Host>[] = [
	{
		id: "name",
		header: "Host",
		lead: true,
		cell: (host) => (
			<span id={host.name} className="scroll-mt-20 font-semibold whitespace-nowrap">
				{host.name}
			</span>
		),
	},
	{ id: "status", header: "Status", cell: (host) => <HostState host={host} /> },
	{
		id: "zone",
		header: "Zone",
		cell: (host) => <span className="whitespace-nowrap">{host.zone}</span>,
	},
	{
		id: "address",
		header: "Address",
		cell: (host) => (
			<span className="inline-flex items-center gap-1">
				<code className="font-mono text-xs">{host.address}</code>
				<CopyButton text={host.address} label={`Copy address of ${host.name}`} />
			</span>
		),
	},
	{
		id: "engines",
		header: "Engines",
		cell: (host) =>
			engineWords(host) === "" ? (
				<span className="text-warning-soft-foreground">None unpacked yet</span>
			) : (
				<span className="text-[0.8125rem]">{engineWords(host)}</span>
			),
	},
	{
		id: "gateway",
		header: "Gateway",
		cell: ({ gateway }) => <Service look={GATEWAY_LOOKS[gateway.status]} reason={gateway.reason} />,
	},
	{
		id: "sentinel",
		header: "Sentinel",
		cell: ({ sentinel }) => (
			<Service look={SENTINEL_LOOKS[sentinel.status]} reason={sentinel.reason} />
		),
	},
	{
		id: "memory",
		header: "Memory assigned",
		cell: (host) => (
			<span className="inline-flex w-36 flex-col gap-1 text-left text-[0.8125rem]">
				<span className="whitespace-nowrap">
					<Bytes value={host.memoryAssignedBytes} />
					<span className="text-muted">
						{" of "}
						<Bytes value={host.memoryBytes} />
					</span>
				</span>
				<UsageBar
					label={`Memory assigned on ${host.name}`}
					used={host.memoryAssignedBytes}
					total={host.memoryBytes}
					tone="auto"
				/>
			</span>
		),
	},
	{
		id: "cpus",
		header: "CPUs",
		align: "end",
		cell: (host) => (
			<span
				className="tabular-nums"
				title={`${formatCount(host.cpuMillisAssigned / 1_000)} of ${host.cpus} counted for nodes${host.limits === "none" ? "; the kernel doesn't hold nodes to their share" : ""}`}
			>
				{formatCount(host.cpuMillisAssigned / 1_000)}
				<span className="text-muted"> of {host.cpus}</span>
			</span>
		),
	},
	{
		id: "nodes",
		header: "Nodes",
		align: "end",
		cell: (host) => <span className="tabular-nums">{host.nodeCount}</span>,
	},
	{
		id: "seen",
		header: "Last seen",
		align: "end",
		cell: (host) => <Time value={host.lastSeenAt} look="relative" />,
	},
];

/** With what can be done with each host. */
export function hostColumns(
	open: (host: Host, dialog: HostDialogName) => void,
): readonly Column<Host>[] {
	return [
		...HOST_COLUMNS,
		{
			id: "actions",
			header: "Actions",
			hideHeader: true,
			bare: true,
			align: "end",
			cell: (host) => (
				<ActionsMenu
					label={`Actions for ${host.name}`}
					look="icon"
					actions={hostActions(host, (dialog) => open(host, dialog))}
				/>
			),
		},
	];
}
