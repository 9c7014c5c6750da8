"use client";

import { ArrowLeftRight, BookOpen, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import type { Protocol } from "../../../../server/contract/enums.ts";
import type { Host } from "../../../../server/contract/host.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { plural } from "../../../_lib/format/count.ts";
import { Banner } from "../../../_ui/notices.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { BlockSkeleton } from "../../../_ui/skeletons.tsx";
import { AsCode } from "./as-code-panel.tsx";
import { replicaPlace } from "./replica-place.ts";
import { Fact } from "./summary-fact.tsx";
import type { CreateForm } from "./use-create-form.ts";
import { useOnlineHosts } from "./use-online-hosts.ts";

interface Promised {
	icon: LucideIcon;
	title: string;
	text: string;
}

const ENDPOINTS: Readonly<Record<Protocol | "memcached", readonly Promised[]>> = {
	cluster: [
		{
			icon: ArrowLeftRight,
			title: "Configuration endpoint",
			text: "Reads and writes. Clients must speak the cluster protocol.",
		},
	],
	memcached: [
		{
			icon: ArrowLeftRight,
			title: "Configuration endpoint",
			text: "Reads and writes, for any Memcached client with the text or meta protocol.",
		},
	],
	standard: [
		{ icon: ArrowLeftRight, title: "Primary endpoint", text: "Reads and writes, for any client." },
		{ icon: BookOpen, title: "Reader endpoint", text: "Reads from the replica." },
	],
};

/** What a serverless cache will be: its endpoints, how far it may grow, its replica, and the same request as code. */
export function ServerlessSummary({ form, footer }: { form: CreateForm; footer: ReactNode }) {
	const { draft, request } = form;
	const hosts = useOnlineHosts();
	const { dataStorageGb, ecpuPerSecond } = request.limits ?? {};
	const isMemcached = draft.engine === "memcached";
	return (
		<Panel title="What you will get">
			<ul className="flex flex-col gap-2">
				{ENDPOINTS[isMemcached ? "memcached" : draft.protocol].map(
					({ icon: Icon, title, text }) => (
						<li
							key={title}
							className="flex items-start gap-2.5 rounded-lg border border-accent bg-accent-soft px-3 py-2"
						>
							<Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-accent-soft-foreground" />
							<p className="min-w-0 text-[0.8125rem]">
								<span className="font-semibold">{title}</span>
								<span className="block text-pretty text-accent-soft-foreground">{text}</span>
							</p>
						</li>
					),
				)}
			</ul>
			<dl className="mt-3.5 flex flex-col gap-1.5 text-[0.8125rem]">
				<Fact label="Data storage">
					<Grows
						min={dataStorageGb?.min}
						max={dataStorageGb?.max}
						unit="GB"
						unlimited="grows with its data"
					/>
				</Fact>
				<Fact label="ECPU per second">
					<Grows
						min={ecpuPerSecond?.min}
						max={ecpuPerSecond?.max}
						unit=""
						unlimited="grows with its requests"
					/>
				</Fact>
				<Fact label="When it is full">
					{isMemcached ? "evicts what was used least recently" : draft.evictionPolicy}
				</Fact>
				{hosts !== undefined && !isMemcached && (
					<Placement hosts={hosts} protocol={draft.protocol} />
				)}
				{isMemcached && <Fact label="Nodes">two or more, without copies</Fact>}
			</dl>
			{hosts === undefined ? (
				<BlockSkeleton className="mt-2 h-10" label="Loading hosts" />
			) : (
				!isMemcached && <Gap hosts={hosts} />
			)}
			<AsCode request={request} />
			<div className="mt-4 flex justify-between gap-2">{footer}</div>
		</Panel>
	);
}

interface GrowsProps {
	min: number | undefined;
	max: number | undefined;
	unit: string;
	unlimited: string;
}

/** "10 GB at most, 1 GB kept ready"; 0 is no limit. */
function Grows({ min = 0, max = 0, unit, unlimited }: GrowsProps) {
	const size = (value: number) => `${value.toLocaleString("en-US")} ${unit}`.trim();
	const isAtFault = Number.isNaN(min) || Number.isNaN(max);
	if (isAtFault) return <span className="text-muted">–</span>;
	return (
		<>
			<span className="font-semibold">{max > 0 ? `${size(max)} at most` : unlimited}</span>
			{min > 0 && <span className="text-muted"> · {size(min)} kept ready</span>}
		</>
	);
}

/** Where the replica goes, and how much room hosts have now. */
function Placement({ hosts, protocol }: { hosts: readonly Host[]; protocol: Protocol }) {
	const free = hosts.map(({ memoryBytes, memoryAssignedBytes }) =>
		Math.max(0, memoryBytes - memoryAssignedBytes),
	);
	const total = free.reduce((sum, bytes) => sum + bytes, 0);
	// The primary and its replica each need a host with as much.
	const pair = free.toSorted((a, b) => b - a)[1];
	return (
		<>
			<Fact label="Replica">{replicaPlace(hosts).words}, with automatic failover</Fact>
			<Fact label="Room on hosts now">
				{protocol === "standard" && pair !== undefined
					? `${formatBytes(pair)} on each of two hosts`
					: `${formatBytes(total)} on ${plural(hosts.length, "host")}, half of it for replicas`}
			</Fact>
		</>
	);
}

function Gap({ hosts }: { hosts: readonly Host[] }) {
	const { gap } = replicaPlace(hosts);
	if (gap === null) return null;
	return (
		<div className="mt-3">
			<Banner tone="warning" title="No replica in another zone">
				{gap}
			</Banner>
		</div>
	);
}
