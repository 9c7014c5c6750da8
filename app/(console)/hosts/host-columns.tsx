import { engineSchema } from "../../../server/contract/enums.ts";
import type { Host } from "../../../server/contract/host.ts";
import { engineName } from "../../_lib/engines.ts";
import { formatCount } from "../../_lib/format/count.ts";
import { CopyButton } from "../../_ui/copy-button.tsx";
import type { Column } from "../../_ui/data-table.tsx";
import { Bytes } from "../../_ui/quantity.tsx";
import { Status } from "../../_ui/status.tsx";
import { Time } from "../../_ui/time.tsx";
import { UsageBar } from "../../_ui/usage-bar.tsx";

/** "Valkey 9.1.2, Redis OSS 7.0.15" with each version once; the gateway's program isn't an engine. */
function engineWords(host: Host): string {
	const words = host.engines.flatMap(({ engine, version }) => {
		const known = engineSchema.safeParse(engine).data;
		return known === undefined ? [] : [`${engineName(known)} ${version}`];
	});
	return [...new Set(words)].join(", ");
}

/** The gateway serves caches' endpoints on each host. */
const GATEWAY_LOOKS = {
	off: { status: "warning", word: "Off" },
	starting: { status: "creating", word: "Starting" },
	running: { status: "available", word: "Running" },
	failed: { status: "failed", word: "Failed" },
	unknown: { status: "unknown", word: "Unknown" },
} as const;

export const HOST_COLUMNS: readonly Column<Host>[] = [
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
	{ id: "status", header: "Status", cell: (host) => <Status status={host.status} /> },
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
		cell: (host) => (
			<span className="inline-flex flex-col gap-0.5">
				<Status {...GATEWAY_LOOKS[host.gateway.status]} look="text" />
				{host.gateway.reason !== null && (
					<span className="max-w-56 text-xs text-pretty text-muted">{host.gateway.reason}</span>
				)}
			</span>
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
