"use client";

import { toast } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import { plural } from "../../../_lib/format/count.ts";
import { noteChange } from "../../../_lib/fresh-changes.ts";
import { randomId } from "../../../_lib/random-id.ts";
import { useTRPC, useTRPCClient } from "../../../_lib/trpc.ts";
import { ConfirmDialog } from "../../../_ui/confirm-dialog.tsx";
import { Banner } from "../../../_ui/notices.tsx";
import { nodesOf, pendingParametersOf } from "../topology-words.ts";

interface RebootDialogProps {
	cache: Cache;
	/** Member names; null for all. */
	nodes: readonly string[] | null;
	onClose: () => void;
}

/** Says what a reboot does before it starts. Mounted while it is open. */
export function RebootDialog({ cache, nodes, onClose }: RebootDialogProps) {
	const trpc = useTRPC();
	const client = useTRPCClient();
	const queryClient = useQueryClient();
	const all = nodesOf(cache);
	const count = nodes?.length ?? all.length;
	const reboot = useMutation({
		mutationFn: () =>
			client.caches.reboot.mutate(
				{ name: cache.name, ...(nodes === null ? {} : { nodes: [...nodes] }) },
				{ context: { idempotencyKey: randomId() } },
			),
		onSuccess: (next) => {
			noteChange(cache.name);
			queryClient.setQueryData(trpc.caches.get.queryKey({ name: cache.name }), next);
			toast(`${plural(count, "node")} of ${cache.name} will be rebooted`, {
				description: "The page shows each step.",
				timeout: 6_000,
			});
			onClose();
		},
	});
	const pending = pendingParametersOf(cache);
	const isWhole = count === all.length;
	return (
		<ConfirmDialog
			title={isWhole ? `Reboot ${cache.name}?` : `Reboot ${plural(count, "node")}?`}
			confirm={`Reboot ${plural(count, "node")}`}
			isDanger={cache.engine === "memcached"}
			isObstructed={count === 0}
			failure="Nothing was rebooted"
			change={reboot}
			onConfirm={() => reboot.mutate()}
			onClose={onClose}
		>
			{nodes !== null && !isWhole && (
				<p className="font-mono text-xs break-words text-muted">{nodes.join(", ")}</p>
			)}
			{cache.engine === "memcached" ? (
				<Banner tone="warning" title="The data on these nodes will be lost">
					Memcached keeps data only in memory, so each node comes back empty. Nodes reboot one at a
					time, and the others keep serving their share of the keys.
				</Banner>
			) : (
				<RebootWords cache={cache} />
			)}
			{pending.length > 0 && (
				<p>
					{plural(pending.length, "parameter")} pending reboot will take effect:{" "}
					<code className="font-mono text-xs break-words">{pending.join(", ")}</code>
				</p>
			)}
		</ConfirmDialog>
	);
}

function RebootWords({ cache }: { cache: Cache }) {
	return (
		<ul className="flex list-disc flex-col gap-1.5 pl-5">
			<li>Data is kept: each node saves its data, stops, and loads the data again.</li>
			<li>
				{cache.clusterMode === "enabled"
					? "One node per shard at a time; shards reboot in parallel."
					: "One node at a time."}
			</li>
			<li>
				{cache.replicasPerShard === 0
					? "There are no replicas: while a node restarts, its keys can't be read or written."
					: "A restarting node disconnects its clients, which must reconnect. A primary first hands over to a replica in sync, which pauses writes for a few milliseconds."}
			</li>
		</ul>
	);
}
