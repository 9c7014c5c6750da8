"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState, useSyncExternalStore } from "react";
import type { CreateCacheInput } from "../../../../server/contract/cache.ts";
import { NODE_TYPES } from "../../../../server/contract/node-type.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { plural } from "../../../_lib/format/count.ts";
import { CALM_POLL_MS } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { CodeBlock } from "../../../_ui/code-block.tsx";
import { Banner } from "../../../_ui/notices.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { Bytes } from "../../../_ui/quantity.tsx";
import { Segmented } from "../../../_ui/segmented.tsx";
import { BlockSkeleton } from "../../../_ui/skeletons.tsx";
import { toCliCommand, toCurlCommand } from "./as-code.ts";
import { type Preview, previewPlacement } from "./preview-placement.ts";

function usePreview(request: CreateCacheInput): Preview | null {
	const trpc = useTRPC();
	const { data } = useQuery(
		trpc.hosts.list.queryOptions(
			{ limit: 100, status: "online" },
			{ refetchInterval: CALM_POLL_MS, placeholderData: keepPreviousData },
		),
	);
	if (data === undefined) return null;
	return previewPlacement({
		hosts: data.items.map((host) => ({
			...host,
			freeMemoryBytes: host.memoryBytes - host.memoryAssignedBytes,
		})),
		nodeCount: (request.replicasPerShard ?? 0) + 1,
		nodeMemoryBytes: NODE_TYPES[request.nodeType ?? "cache.t4g.micro"].memoryBytes,
	});
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
	return (
		<div className="flex items-baseline justify-between gap-4">
			<dt className="text-muted">{label}</dt>
			<dd className="text-right tabular-nums">{children}</dd>
		</div>
	);
}

/** What the choices come to: where nodes go, what they take, and the same request as code. */
export function Summary({ request }: { request: CreateCacheInput }) {
	const trpc = useTRPC();
	const preview = usePreview(request);
	const nodeTypes = useQuery(trpc.nodeTypes.list.queryOptions({}, { staleTime: Infinity }));
	const type = nodeTypes.data?.items.find(({ name }) => name === request.nodeType);
	const nodeCount = (request.replicasPerShard ?? 0) + 1;
	return (
		<Panel title="What you will get">
			{preview === null ? (
				<BlockSkeleton className="h-24" label="Loading hosts" />
			) : (
				<PlacementPicture preview={preview} />
			)}
			<dl className="mt-4 flex flex-col gap-1.5 text-[0.8125rem]">
				<Fact label="Usable memory">
					<span className="font-semibold">
						<Bytes value={type?.usableMemoryBytes} />
					</span>
				</Fact>
				<Fact label={`Memory taken by ${plural(nodeCount, "node")}`}>
					<Bytes value={type === undefined ? null : type.memoryBytes * nodeCount} />
				</Fact>
				{preview !== null && preview.roomLeft.length > 0 && <RoomLeft preview={preview} />}
				<Fact label="Endpoints">{nodeCount > 1 ? "Primary, reader, nodes" : "Primary, node"}</Fact>
			</dl>
			<AsCode request={request} />
		</Panel>
	);
}

function RoomLeft({ preview }: { preview: Preview }) {
	return (
		<Fact label="Room left after it">
			{preview.roomLeft.slice(0, 4).map(({ zone, bytes }) => (
				<span key={zone} className="block">
					<span className="text-muted">{zone}</span> {formatBytes(bytes)}
				</span>
			))}
			{preview.roomLeft.length > 4 && (
				<span className="block text-muted">
					and {plural(preview.roomLeft.length - 4, "more zone")}
				</span>
			)}
		</Fact>
	);
}

const ZONES_SHOWN = 3;

function PlacementPicture({ preview }: { preview: Preview }) {
	const zones = preview.roomLeft.map(({ zone }) => zone);
	if (zones.length === 0) {
		return (
			<Banner tone="warning" title="No host is online">
				The cache will wait in status Creating until one is.
			</Banner>
		);
	}
	const columns = Math.min(zones.length, ZONES_SHOWN);
	let replica = 0;
	const named = preview.nodes.map((node) => {
		if (!node.isPrimary) replica += 1;
		return { ...node, label: node.isPrimary ? "Primary" : `Replica ${replica}` };
	});
	return (
		<>
			<ul
				aria-label="Expected placement by zone"
				className="grid gap-2"
				style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
			>
				{zones.map((zone) => (
					<li key={zone} className="min-w-0">
						<p className="mb-1.5 truncate text-xs font-semibold text-muted" title={zone}>
							{zone}
						</p>
						<ul className="flex flex-col gap-1.5" aria-label={`Nodes in ${zone}`}>
							{named
								.filter(({ host }) => host.zone === zone)
								.map(({ host, label, isPrimary }) => (
									<li
										key={label}
										title={`${label} on ${host.name}`}
										className={`truncate rounded-lg border px-2 py-1.5 text-xs font-semibold ${isPrimary ? "border-accent bg-accent-soft" : "border-border bg-surface"}`}
									>
										{label}
									</li>
								))}
							{!named.some(({ host }) => host.zone === zone) && (
								<li
									aria-label="none"
									className="h-8 rounded-lg border border-dashed border-border"
								/>
							)}
						</ul>
					</li>
				))}
			</ul>
			{preview.missing > 0 && (
				<div className="mt-3">
					<Banner tone="warning" title={`No room for ${plural(preview.missing, "node")}`}>
						The cache would wait in status Creating until memory is freed or a host is added.
					</Banner>
				</div>
			)}
		</>
	);
}

const noSubscription = () => () => {};

function AsCode({ request }: { request: CreateCacheInput }) {
	const [form, setForm] = useState<"cli" | "rest">("cli");
	const origin = useSyncExternalStore(
		noSubscription,
		() => window.location.origin,
		() => "",
	);
	const code = form === "cli" ? toCliCommand(request) : toCurlCommand(request, origin);
	return (
		<div className="mt-5">
			<div className="mb-2 flex items-center justify-between gap-2">
				<h3 className="text-sm font-semibold">As code</h3>
				<Segmented
					label="As code"
					value={form}
					onChange={setForm}
					options={[
						{ value: "cli", label: "CLI" },
						{ value: "rest", label: "REST" },
					]}
				/>
			</div>
			<CodeBlock code={code} copyLabel="Copy command" />
		</div>
	);
}
