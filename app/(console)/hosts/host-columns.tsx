import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { ENGINES } from "../../../server/contract/choices.ts";
import type { Host, HostWarning } from "../../../server/contract/host.ts";
import { engineName } from "../../_lib/engines.ts";
import { formatCount, plural } from "../../_lib/format/count.ts";
import { ActionsMenu } from "../../_ui/actions-menu.tsx";
import { CopyButton } from "../../_ui/copy-button.tsx";
import { Bytes } from "../../_ui/quantity.tsx";
import { Status } from "../../_ui/status.tsx";
import type { Column } from "../../_ui/table/data-table.tsx";
import { Time } from "../../_ui/time.tsx";
import { UsageBar } from "../../_ui/usage-bar.tsx";
import { type HostDialogName, hostActions } from "./host-actions.ts";

/** A line per engine, such as "Valkey 9.1.2, 8.1.1"; the gateway's program isn't an engine. */
function engineLines(host: Host): string[] {
	return ENGINES.flatMap((engine) => {
		const versions = host.engines.filter((bundle) => bundle.engine === engine);
		const words = [...new Set(versions.map(({ version }) => version))].join(", ");
		return words === "" ? [] : [`${engineName(engine)} ${words}`];
	});
}

const SERVICE_LOOKS = {
	starting: { status: "creating", word: "Starting" },
	running: { status: "available", word: "Running" },
	failed: { status: "failed", word: "Failed" },
	unknown: { status: "unknown", word: "Unknown" },
} as const;

/** The gateway serves caches' endpoints on each host, so off deserves a warning. */
const GATEWAY_LOOKS = { ...SERVICE_LOOKS, off: { status: "warning", word: "Off" } } as const;

/** The Sentinel is off while it has nothing to watch, which is normal. */
const SENTINEL_LOOKS = { ...SERVICE_LOOKS, off: { status: "info", word: "Off" } } as const;

/** Whether machines without a member of the cluster can connect to its nodes' bus. */
const BUS_LOOKS = {
	closed: { status: "available", word: "Closed to others" },
	open: { status: "info", word: "Open to all" },
} as const;

/** Whether the kernel or HAProxy forwards, with the agent's note; null if there is nothing to say. */
function forwardingOf({ forwarding }: Host["gateway"]): string | null {
	if (forwarding === null) return null;
	const { by, note } = forwarding;
	if (by === "haproxy") return note === null ? null : `HAProxy forwards: ${note}`;
	return note === null ? "The kernel forwards" : `The kernel forwards: ${note}`;
}

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

/** A host that is online and draining shows the drain as its status. */
function HostStatus({ host }: { host: Host }) {
	if (!host.draining || host.status === "offline") return <Status status={host.status} />;
	return host.nodeCount === 0 ? (
		<Status status="cordoned" word="Drained" />
	) : (
		<Status status="modifying" word="Draining" />
	);
}

/** Whether the host is online, cordoned, draining or lost, and its warnings. */
function HostState({ host, onWhy }: { host: Host; onWhy: () => void }) {
	return (
		<span className="cell-stack inline-flex flex-col gap-1">
			<HostStatus host={host} />
			{host.lost && <Status status="failed" look="text" word="Lost" />}
			{host.draining ? (
				<span className="text-xs text-muted">
					{host.nodeCount === 0 ? "No nodes left" : `${plural(host.nodeCount, "node")} left`}
				</span>
			) : (
				host.cordoned && <Status status="cordoned" look="text" />
			)}
			{host.stuckNodes.length > 0 && (
				<button
					type="button"
					className="w-fit cursor-pointer text-left text-xs text-warning-soft-foreground underline underline-offset-2"
					onClick={onWhy}
				>
					{plural(host.stuckNodes.length, "node")} can't leave. Why?
				</button>
			)}
			{host.lost && host.statusReason !== null && (
				<span className="max-w-64 text-xs text-pretty text-muted">{host.statusReason}</span>
			)}
			{host.clockWarning !== null && (
				<>
					<Status status="warning" look="text" word="Clock out of sync" />
					<span className="max-w-64 text-xs text-pretty text-muted">{host.clockWarning}</span>
				</>
			)}
			{host.warnings.map((warning) => (
				<HostWarningNote key={warning.code} warning={warning} host={host.name} />
			))}
		</span>
	);
}

/** Advice is collapsed; a warning about harm to caches is open. */
function HostWarningNote({ warning, host }: { warning: HostWarning; host: string }) {
	const { severity, title, message, remedy, command } = warning;
	return (
		<Explained
			isOpen={severity !== "info"}
			status={<Status status={severity} look="text" word={capitalized(title)} />}
		>
			<span>{`${message} ${remedy}`}</span>
			{command !== null && (
				<span className="inline-flex items-center gap-1">
					<code className="font-mono break-all">{command}</code>
					<CopyButton text={command} label={`Copy command for ${title} on ${host}`} />
				</span>
			)}
		</Explained>
	);
}

interface ExplainedProps {
	isOpen?: boolean;
	status: ReactNode;
	children: ReactNode;
}

/** A status that opens to explain itself. */
function Explained({ isOpen = false, status, children }: ExplainedProps) {
	return (
		<details open={isOpen} className="group">
			<summary className="inline-flex cursor-pointer list-none items-center gap-1">
				<ChevronRight aria-hidden className="size-3.5 text-muted group-open:rotate-90" />
				{status}
			</summary>
			<span className="flex max-w-64 flex-col gap-1 text-xs text-pretty text-muted">
				{children}
			</span>
		</details>
	);
}

function BusState({ bus }: { bus: NonNullable<Host["clusterBus"]> }) {
	const status = <Status {...(bus.closed ? BUS_LOOKS.closed : BUS_LOOKS.open)} look="text" />;
	return bus.note === null ? status : <Explained status={status}>{bus.note}</Explained>;
}

function capitalized(words: string): string {
	return words.charAt(0).toUpperCase() + words.slice(1);
}

const NAME_COLUMN: Column<Host> = {
	id: "name",
	header: "Host",
	lead: true,
	sortValue: (host) => host.name,
	cell: (host) => (
		<span id={host.name} className="cell-name scroll-mt-20 font-semibold">
			{host.name}
		</span>
	),
};

const FACT_COLUMNS: readonly Column<Host>[] = [
	{
		id: "zone",
		header: "Zone",
		sortValue: (host) => host.zone,
		cell: (host) => <span className="cell-name">{host.zone}</span>,
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
			engineLines(host).length === 0 ? (
				<span className="text-warning-soft-foreground">None unpacked yet</span>
			) : (
				<span className="cell-stack inline-flex flex-col text-[0.8125rem] whitespace-nowrap">
					{engineLines(host).map((line) => (
						<span key={line}>{line}</span>
					))}
				</span>
			),
	},
	{
		id: "gateway",
		header: "Gateway",
		cell: ({ gateway }) => (
			<Service
				look={GATEWAY_LOOKS[gateway.status]}
				reason={gateway.reason ?? forwardingOf(gateway)}
			/>
		),
	},
	{
		id: "sentinel",
		header: "Sentinel",
		cell: ({ sentinel }) => (
			<Service look={SENTINEL_LOOKS[sentinel.status]} reason={sentinel.reason} />
		),
	},
	{
		id: "clusterBus",
		header: "Cluster bus",
		cell: ({ clusterBus }) =>
			clusterBus === null ? <span className="text-muted">-</span> : <BusState bus={clusterBus} />,
	},
	{
		id: "memory",
		header: "Memory assigned",
		sortValue: (host) => host.memoryAssignedBytes / host.memoryBytes,
		cell: (host) => (
			<span className="inline-flex min-w-28 flex-col gap-1 text-left text-[0.8125rem]">
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
		sortValue: (host) => host.cpuMillisAssigned,
		cell: (host) => (
			<span
				className="tabular-nums"
				title={`${formatCount(host.cpuMillisAssigned / 1_000)} of ${host.cpus} CPUs assigned to nodes${host.limits !== "cgroup-v2" ? "; the kernel doesn't limit nodes to them" : ""}`}
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
		sortValue: (host) => host.nodeCount,
		cell: (host) => <span className="tabular-nums">{host.nodeCount}</span>,
	},
	{
		id: "seen",
		header: "Last seen",
		align: "end",
		isExtra: true,
		sortValue: (host) => host.lastSeenAt,
		cell: (host) => <Time value={host.lastSeenAt} look="relative" />,
	},
];

/** `open` shows one of a host's dialogs. */
export function hostColumns(
	open: (host: Host, dialog: HostDialogName) => void,
): readonly Column<Host>[] {
	return [
		NAME_COLUMN,
		{
			id: "status",
			header: "Status",
			sortValue: (host) => host.status,
			cell: (host) => <HostState host={host} onWhy={() => open(host, "stuck")} />,
		},
		...FACT_COLUMNS,
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
