"use client";

import { Button } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ShieldCheck } from "lucide-react";
import { type SubmitEvent, useId, useRef, useState } from "react";
import type { Cache } from "../../../../server/contract/cache.ts";
import type { NodeMetrics } from "../../../../server/contract/metrics.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { exactCount, plural } from "../../../_lib/format/count.ts";
import { addPendingWork, removePendingWork } from "../../../_lib/pending-work.ts";
import { randomId } from "../../../_lib/random-id.ts";
import { useTRPC, useTRPCClient } from "../../../_lib/trpc.ts";
import { Dialog } from "../../../_ui/dialog.tsx";
import { FormTextField } from "../../../_ui/form-fields.tsx";
import { Banner, ProblemBanner } from "../../../_ui/notices.tsx";
import { dataNodesOf, nodesOf } from "../topology-words.ts";
import { useModify } from "./use-modify.ts";

interface DeleteDialogProps {
	cache: Cache;
	isOpen: boolean;
	onOpenChange: (isOpen: boolean) => void;
}

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
			This ends {plural(nodes.length, "node")} and removes{" "}
			{metrics === null ? (
				"all data"
			) : (
				<strong className="font-semibold">
					{exactCount(metrics.keys)} {metrics.keys === 1 ? "key" : "keys"} (
					{formatBytes(metrics.memoryUsedBytes)})
				</strong>
			)}{" "}
			for good. There is no copy to restore from.
			{metrics !== null && metrics.clients > 0 && (
				<> {plural(metrics.clients, "client")} connected now will be cut off.</>
			)}
		</p>
	);
}

export function DeleteDialog({ cache, isOpen, onOpenChange }: DeleteDialogProps) {
	const trpc = useTRPC();
	const client = useTRPCClient();
	const queryClient = useQueryClient();
	const formId = useId();
	const key = useRef<string | null>(null);
	const [typed, setTyped] = useState("");
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
			close();
		},
		onSettled: () => {
			key.current = null;
		},
	});
	const close = () => {
		onOpenChange(false);
		setTyped("");
		remove.reset();
	};
	const isConfirmed = typed.trim() === cache.name && !cache.deletionProtection;
	const submit = (event: SubmitEvent<HTMLFormElement>) => {
		event.preventDefault();
		if (isConfirmed && !remove.isPending) remove.mutate();
	};
	return (
		<Dialog
			isOpen={isOpen}
			onOpenChange={(open) => (open ? onOpenChange(true) : close())}
			title={`Delete ${cache.name}?`}
			footer={
				<>
					<Button variant="outline" onPress={close}>
						Keep it
					</Button>
					<Button
						type="submit"
						form={formId}
						variant="danger"
						isDisabled={!isConfirmed}
						isPending={remove.isPending}
					>
						Delete cache
					</Button>
				</>
			}
		>
			{cache.deletionProtection && <Protection cache={cache} />}
			<Loss cache={cache} />
			{remove.isError && <ProblemBanner title="The cache wasn't deleted" error={remove.error} />}
			<form id={formId} onSubmit={submit} noValidate>
				<FormTextField
					label={`Type ${cache.name} to confirm`}
					name="confirmation"
					value={typed}
					onChange={setTyped}
					autoFocus
					autoComplete="off"
					isMonospace
				/>
			</form>
		</Dialog>
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
				This cache can't be deleted before it is turned off.
			</Banner>
			{unprotect.isError && (
				<ProblemBanner title="The protection is still on" error={unprotect.error} />
			)}
		</>
	);
}
