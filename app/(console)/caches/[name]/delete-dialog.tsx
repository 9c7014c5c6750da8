"use client";

import { Button } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ShieldCheck } from "lucide-react";
import { useRef } from "react";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import type { NodeMetrics } from "../../../../server/contract/metrics.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { exactCount, plural } from "../../../_lib/format/count.ts";
import { addPendingWork, removePendingWork } from "../../../_lib/pending-work.ts";
import { randomId } from "../../../_lib/random-id.ts";
import { useTRPC, useTRPCClient } from "../../../_lib/trpc.ts";
import { Banner, ProblemBanner } from "../../../_ui/notices.tsx";
import { TypedConfirmationDialog } from "../../../_ui/typed-confirmation-dialog.tsx";
import { dataNodesOf, nodesOf } from "../topology-words.ts";
import { useModify } from "./use-modify.ts";

/** What is lost, in numbers where they are known. */
function Loss({ cache }: { cache: Cache }) {
	const nodes = nodesOf(cache);
	const measured = dataNodesOf(cache).flatMap(({ metrics: own }) => own ?? []);
	const total = (read: (own: NodeMetrics) => number) =>
		measured.reduce((sum, own) => sum + read(own), 0);
	const metrics =
		measured.length === 0
			? null
			: {
					keys: total(({ keys }) => keys),
					memoryUsedBytes: total(({ memoryUsedBytes }) => memoryUsedBytes),
					clients: total(({ clients }) => clients),
				};
	return (
		<p>
			This {cache.kind === "provisioned" && `stops ${plural(nodes.length, "node")} and `}
			permanently deletes{" "}
			{metrics === null ? (
				"all data"
			) : (
				<strong className="font-semibold">
					{exactCount(metrics.keys)} {metrics.keys === 1 ? "key" : "keys"} (
					{formatBytes(metrics.memoryUsedBytes)})
				</strong>
			)}
			. There is no backup to restore from.
			{metrics !== null && metrics.clients > 0 && (
				<> {plural(metrics.clients, "connection")}, including Larder's own, will be closed.</>
			)}
		</p>
	);
}

/** Mounted while it is open. */
export function DeleteDialog({ cache, onClose }: { cache: Cache; onClose: () => void }) {
	const trpc = useTRPC();
	const client = useTRPCClient();
	const queryClient = useQueryClient();
	const key = useRef<string | null>(null);
	const remove = useMutation({
		mutationFn: () => {
			key.current ??= randomId();
			return client.caches.delete.mutate(
				{ name: cache.name },
				{ context: { idempotencyKey: key.current } },
			);
		},
		onMutate: () => removePendingWork(cache.name),
		onSuccess: (deleted) => {
			addPendingWork(cache.name, "delete");
			queryClient.setQueryData(trpc.caches.get.queryKey({ name: cache.name }), deleted);
			onClose();
		},
		onSettled: () => {
			key.current = null;
		},
	});
	return (
		<TypedConfirmationDialog
			title={`Delete ${cache.name}?`}
			name={cache.name}
			action="Delete cache"
			isObstructed={cache.deletionProtection}
			isPending={remove.isPending}
			onConfirm={() => remove.mutate()}
			onClose={onClose}
		>
			{cache.deletionProtection && <Protection cache={cache} />}
			<Loss cache={cache} />
			{remove.isError && <ProblemBanner title="The cache wasn't deleted" error={remove.error} />}
		</TypedConfirmationDialog>
	);
}

/** Why deletion is refused, and the way to allow it. */
function Protection({ cache }: { cache: Cache }) {
	const unprotect = useModify(cache.name);
	return (
		<>
			<Banner
				tone="accent"
				icon={ShieldCheck}
				title="Deletion protection is on"
				action={
					<Button
						size="sm"
						variant="outline"
						isPending={unprotect.isPending}
						onPress={() => unprotect.mutate({ deletionProtection: false })}
					>
						Turn it off
					</Button>
				}
			>
				This cache can't be deleted until you turn off deletion protection.
			</Banner>
			{unprotect.isError && (
				<ProblemBanner title="Deletion protection is still on" error={unprotect.error} />
			)}
		</>
	);
}
