"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { LoaderCircle } from "lucide-react";
import type { DrainPreview, Host } from "../../../server/contract/host.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ConfirmDialog } from "../../_ui/confirm-dialog.tsx";
import { Banner, ProblemBanner } from "../../_ui/notices.tsx";
import { StuckNodes, stuckGroups } from "./stuck-nodes.tsx";
import { useHostChanged } from "./use-host-changed.ts";

interface DrainDialogProps {
	host: Host;
	onClose: () => void;
}

/** Says where the host's nodes would go before any of them moves. */
export function DrainDialog({ host, onClose }: DrainDialogProps) {
	const trpc = useTRPC();
	const onSuccess = useHostChanged(onClose, `${host.name} is being drained`);
	const drain = useMutation(trpc.hosts.drain.mutationOptions({ onSuccess }));
	const preview = useQuery(
		trpc.hosts.previewDrain.queryOptions({ name: host.name }, { staleTime: 0 }),
	);
	const stuck = preview.data?.nodes.filter(({ to }) => to === null) ?? [];
	return (
		<ConfirmDialog
			title={`Drain ${host.name}?`}
			confirm={stuck.length > 0 ? "Drain anyway" : "Drain"}
			failure="The drain wasn't started"
			change={drain}
			onConfirm={() => drain.mutate({ name: host.name })}
			onClose={onClose}
		>
			<div aria-live="polite">
				{preview.isError ? (
					<ProblemBanner
						title="Larder couldn't determine where the host's nodes would go"
						error={preview.error}
					/>
				) : (
					<Forecast preview={preview.data} />
				)}
			</div>
			<Effects nodes={preview.data?.nodes ?? []} />
		</ConfirmDialog>
	);
}

function Forecast({ preview }: { preview: DrainPreview | undefined }) {
	if (preview === undefined) {
		return (
			<p className="flex items-center gap-2 text-muted">
				<LoaderCircle aria-hidden className="size-4 motion-safe:animate-spin" />
				Finding hosts for its nodes…
			</p>
		);
	}
	const { host, nodes } = preview;
	if (nodes.length === 0) return <p>{host} has no nodes to move.</p>;
	const stuck = nodes.filter(({ to }) => to === null);
	if (stuck.length === 0) return <Destinations nodes={nodes} />;
	const moving = nodes.length - stuck.length;
	return (
		<Banner
			tone="warning"
			title={`${nowhereWords(stuck.length, nodes.length)}, so the drain can't finish`}
		>
			<StuckNodes groups={stuckGroups(stuck)} />
			<p className="mt-2">
				{othersWords(moving)} The drain then waits for room and continues automatically.
			</p>
		</Banner>
	);
}

function othersWords(moving: number): string {
	if (moving === 0) return "No nodes would move.";
	return moving === 1 ? "The other node would move." : `The other ${moving} nodes would move.`;
}

function nowhereWords(stuck: number, all: number): string {
	if (all === 1) return "Its only node has nowhere to go";
	if (stuck === all) return `None of its ${all} nodes has anywhere to go`;
	return `${stuck} of its ${all} nodes ${stuck === 1 ? "has" : "have"} nowhere to go`;
}

/** "orders-001 → local-b" for each node. */
function Destinations({ nodes }: { nodes: DrainPreview["nodes"] }) {
	return (
		<>
			<p>
				{nodes.length === 1 ? "Its node moves" : `All ${nodes.length} nodes move`} to other hosts:
			</p>
			<ul
				aria-label="Where nodes go"
				className="max-h-48 overflow-y-auto rounded-lg bg-surface-secondary px-3 py-2 text-[0.8125rem]"
			>
				{nodes.map(({ node, to, role }) => (
					<li key={node} className="flex justify-between gap-3">
						<span className="min-w-0 break-words">
							{node} <span className="text-muted">{role === "node" ? "" : role}</span>
						</span>
						<span className="whitespace-nowrap">
							<span aria-hidden>→ </span>
							<span className="sr-only">to </span>
							{to}
						</span>
					</li>
				))}
			</ul>
		</>
	);
}

/** What a drain means for the caches that have a node there. */
function Effects({ nodes }: { nodes: DrainPreview["nodes"] }) {
	const moving = nodes.filter(({ to }) => to !== null);
	return (
		<ul className="flex list-disc flex-col gap-1.5 pl-5">
			{moving.some(({ losesData }) => !losesData) && (
				<li>
					Each new node copies the data before Larder removes the old one, one node per shard at a
					time. Before a primary is removed, its successor takes over: writes pause for a few
					milliseconds, and no writes are lost.
				</li>
			)}
			{moving.some(({ losesData }) => losesData) && (
				<li>
					Memcached nodes start empty on the new host, so their keys are cache misses at first.
				</li>
			)}
			<li>No new nodes are placed on it. You can stop draining at any time.</li>
		</ul>
	);
}
