"use client";

import { Button } from "@heroui/react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ShieldCheck } from "lucide-react";
import { useRef, useState } from "react";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import type { NodeMetrics } from "../../../../server/contract/metrics.ts";
import { toApiProblem } from "../../../_lib/api-problem.ts";
import { asSentence } from "../../../_lib/form-issues.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { exactCount, plural } from "../../../_lib/format/count.ts";
import {
	addPendingSnapshot,
	addPendingWork,
	removePendingWork,
} from "../../../_lib/pending-work.ts";
import { randomId } from "../../../_lib/random-id.ts";
import { serverNow } from "../../../_lib/server-clock.ts";
import { useTRPC, useTRPCClient } from "../../../_lib/trpc.ts";
import { Banner, ProblemBanner } from "../../../_ui/notices.tsx";
import { TypedConfirmationDialog } from "../../../_ui/typed-confirmation-dialog.tsx";
import { suggestedName } from "../../backups/snapshot-words.ts";
import { dataNodesOf, nodesOf } from "../topology-words.ts";
import { FinalSnapshotField, nameProblem } from "./final-snapshot-field.tsx";
import { useModify } from "./use-modify.ts";

/** What is lost, in numbers where they are known. */
function Loss({ cache, isSaved }: { cache: Cache; isSaved: boolean }) {
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
			. <Remains cache={cache} isSaved={isSaved} />
			{metrics !== null && metrics.clients > 0 && (
				<> {plural(metrics.clients, "connection")}, including Larder's own, will be closed.</>
			)}
		</p>
	);
}

/** What a new cache could begin with afterward. */
function Remains({ cache, isSaved }: { cache: Cache; isSaved: boolean }) {
	const trpc = useTRPC();
	const { data } = useQuery(
		trpc.snapshots.list.queryOptions({ cache: cache.name, status: "available", limit: 1 }),
	);
	if (isSaved) return "The final snapshot keeps the data.";
	if (data === undefined) return null;
	const { total } = data;
	return total === 0
		? "There is no snapshot to restore from."
		: `${plural(total, "snapshot")} of it ${total === 1 ? "stays" : "stay"}.`;
}

/** Mounted while it is open. */
export function DeleteDialog({ cache, onClose }: { cache: Cache; onClose: () => void }) {
	const trpc = useTRPC();
	const client = useTRPCClient();
	const queryClient = useQueryClient();
	const key = useRef<string | null>(null);
	const canSave = cache.engine !== "memcached" && cache.availableAt !== null;
	const [final, setFinal] = useState(() => ({
		isWanted: canSave,
		name: suggestedName(`${cache.name}-final`, new Date(serverNow())),
	}));
	const finalSnapshot = canSave && final.isWanted ? final.name.trim() : undefined;
	const isInvalid = finalSnapshot !== undefined && nameProblem(finalSnapshot) !== undefined;
	const remove = useMutation({
		mutationFn: () => {
			key.current ??= randomId();
			return client.caches.delete.mutate(
				{ name: cache.name, ...(finalSnapshot === undefined ? {} : { finalSnapshot }) },
				{ context: { idempotencyKey: key.current } },
			);
		},
		onMutate: () => removePendingWork(cache.name),
		onSuccess: (deleted) => {
			addPendingWork(cache.name, "delete");
			if (finalSnapshot !== undefined) addPendingSnapshot(finalSnapshot, cache.name);
			queryClient.setQueryData(trpc.caches.get.queryKey({ name: cache.name }), deleted);
			void queryClient.invalidateQueries({ queryKey: trpc.snapshots.list.queryKey() });
			onClose();
		},
		onSettled: () => {
			key.current = null;
		},
	});
	const problem = remove.isError ? toApiProblem(remove.error) : null;
	const isAtName = problem?.field === "name" && problem.code === "already_exists";
	return (
		<TypedConfirmationDialog
			title={`Delete ${cache.name}?`}
			name={cache.name}
			action="Delete cache"
			isObstructed={cache.deletionProtection || isInvalid}
			isPending={remove.isPending}
			onConfirm={() => remove.mutate()}
			onClose={onClose}
		>
			{cache.deletionProtection && <Protection cache={cache} />}
			<Loss cache={cache} isSaved={finalSnapshot !== undefined} />
			{canSave && (
				<FinalSnapshotField
					value={final}
					onChange={setFinal}
					isRequired={cache.finalSnapshotRequired}
					refusal={isAtName ? asSentence(problem.message) : undefined}
				/>
			)}
			{remove.isError && !isAtName && (
				<ProblemBanner title="The cache wasn't deleted" error={remove.error} />
			)}
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
