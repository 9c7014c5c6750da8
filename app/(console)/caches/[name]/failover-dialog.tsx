"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Cache, CacheNode } from "../../../../server/contract/cache-view.ts";
import {
	failoverObstacle,
	primaryOf,
	readyReplicas,
	shardObstacle,
} from "../../../_lib/failover.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { noteChange } from "../../../_lib/fresh-changes.ts";
import { addPendingFailover } from "../../../_lib/pending-work.ts";
import { randomId } from "../../../_lib/random-id.ts";
import { useTRPC, useTRPCClient } from "../../../_lib/trpc.ts";
import { ConfirmDialog } from "../../../_ui/confirm-dialog.tsx";
import { Banner } from "../../../_ui/notices.tsx";
import { SelectField } from "../../../_ui/select-field.tsx";

type Shard = Cache["shards"][number];

const BEST = "best";

interface FailoverDialogProps {
	cache: Cache;
	/** Id of the shard to begin with; null for the first. */
	shard: string | null;
	onClose: () => void;
}

/** What a planned failover does, and the choice of the new primary. Mounted while it is open, so it starts fresh each time. */
export function FailoverDialog({ cache, shard: asked, onClose }: FailoverDialogProps) {
	const [shardId, setShardId] = useState(asked ?? cache.shards[0]?.id ?? "");
	const [target, setTarget] = useState(BEST);
	const shard = cache.shards.find(({ id }) => id === shardId);
	const failover = useFailover(cache, onClose);
	const primary = shard === undefined ? undefined : primaryOf(shard);
	const ready = shard === undefined ? [] : readyReplicas(shard);
	const obstacle =
		failoverObstacle(cache) ??
		(shard === undefined ? "The cache has no shards yet." : shardObstacle(shard));
	// The chosen replica may fall behind while the dialog is open.
	const isReady = target === BEST || ready.some(({ id }) => id === target);
	const hasShards = cache.shards.length > 1;
	const submit = () => {
		if (shard === undefined) return;
		failover.mutate({
			shard: shard.id,
			from: primary?.id ?? "",
			node: target === BEST ? undefined : target,
		});
	};
	return (
		<ConfirmDialog
			title={`Fail over ${hasShards && asked !== null ? `shard ${shardNumber(cache, shardId)} of ` : ""}${cache.name}?`}
			confirm="Fail over"
			isObstructed={obstacle !== null || !isReady}
			failure="The failover didn't start"
			change={failover}
			onConfirm={submit}
			onClose={onClose}
		>
			{hasShards && (
				<SelectField
					label="Shard"
					value={shardId}
					options={cache.shards.map((each, index) => ({
						value: each.id,
						label: `Shard ${index + 1}`,
						detail: primaryOf(each) === undefined ? "no primary" : `primary ${primaryOf(each)?.id}`,
					}))}
					onChange={(id) => {
						setShardId(id);
						setTarget(BEST);
					}}
				/>
			)}
			{obstacle !== null ? (
				<Banner tone="warning" title="This cache can't fail over now">
					{obstacle}
				</Banner>
			) : (
				shard !== undefined && (
					<>
						<SelectField
							label="New primary"
							value={target}
							options={targetsOf(shard)}
							onChange={setTarget}
							error={
								isReady ? undefined : `${target} is no longer in sync. Choose another replica.`
							}
						/>
						<Consequences
							cache={cache}
							from={primary}
							to={target === BEST ? (ready.length === 1 ? ready[0]?.id : undefined) : target}
						/>
					</>
				)
			)}
		</ConfirmDialog>
	);
}

function shardNumber(cache: Cache, id: string): number {
	return cache.shards.findIndex((shard) => shard.id === id) + 1;
}

function targetsOf(shard: Shard) {
	const ready = new Set(readyReplicas(shard));
	return [
		{
			value: BEST,
			label: "Best replica in sync",
			detail: "The replica with the most data. Replicas on cordoned or draining hosts come last.",
		},
		...shard.nodes
			.filter(({ role }) => role !== "primary")
			.map((node) => ({
				value: node.id,
				label: node.id,
				isDisabled: !ready.has(node),
				detail: ready.has(node) ? placeWords(node) : `${placeWords(node)} · not in sync`,
			})),
	];
}

function placeWords({ zone, host, metrics }: CacheNode): string {
	const place = host === zone ? zone : `${host} in ${zone}`;
	const lag = metrics?.replicationLagBytes ?? 0;
	return lag > 0 ? `${place} · lag ${formatBytes(lag)}` : place;
}

function Consequences(props: {
	cache: Cache;
	from: CacheNode | undefined;
	/** Undefined when the control plane chooses. */
	to: string | undefined;
}) {
	const { cache, from, to } = props;
	const leader = to ?? "the best replica";
	return (
		<ul className="flex list-disc flex-col gap-1.5 pl-5">
			<li>
				{from?.id ?? "The primary"} pauses writes until {leader} has caught up, then hands over.
				This usually takes a few milliseconds, and no write is lost.
			</li>
			<li>{from?.id ?? "It"} becomes a replica. Replicas serve reads throughout.</li>
			<li>
				{cache.clusterMode === "enabled"
					? "The shard redirects cluster clients to the new primary."
					: "Endpoints don't change. Clients connected to the primary are disconnected and should reconnect."}
			</li>
		</ul>
	);
}

function useFailover(cache: Cache, onDone: () => void) {
	const trpc = useTRPC();
	const client = useTRPCClient();
	const queryClient = useQueryClient();
	return useMutation({
		mutationFn: ({ shard, node }: { shard: string; from: string; node: string | undefined }) =>
			client.caches.failover.mutate(
				{ name: cache.name, shard, ...(node === undefined ? {} : { node }) },
				{ context: { idempotencyKey: randomId() } },
			),
		onSuccess: (next, { shard, from }) => {
			noteChange(cache.name);
			addPendingFailover(cache.name, {
				shard,
				from,
				previousAt: next.lastFailover?.at ?? null,
			});
			queryClient.setQueryData(trpc.caches.get.queryKey({ name: cache.name }), next);
			onDone();
		},
	});
}
