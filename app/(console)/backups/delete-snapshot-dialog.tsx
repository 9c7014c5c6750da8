"use client";

import { useMutation } from "@tanstack/react-query";
import { formatBytes } from "../../_lib/format/bytes.ts";
import { exactCount } from "../../_lib/format/count.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { TypedConfirmationDialog } from "../../_ui/typed-confirmation-dialog.tsx";
import type { SnapshotDialogProps } from "./name-dialogs.tsx";
import { useSnapshotChanged } from "./use-snapshot-changed.ts";

/** Mounted while it is open. */
export function DeleteSnapshotDialog({ snapshot, onClose }: SnapshotDialogProps) {
	const trpc = useTRPC();
	const onChanged = useSnapshotChanged();
	const { name, cache, keys, bytes, status } = snapshot;
	const remove = useMutation(
		trpc.snapshots.delete.mutationOptions({
			onSuccess: () => {
				onChanged();
				onClose();
			},
		}),
	);
	return (
		<TypedConfirmationDialog
			title={`Delete ${name}?`}
			name={name}
			action="Delete snapshot"
			isPending={remove.isPending}
			onConfirm={() => remove.mutate({ name })}
			onClose={onClose}
		>
			{remove.isError && <ProblemBanner title="The snapshot wasn't deleted" error={remove.error} />}
			<p>
				{status === "creating" ? (
					<>This stops the snapshot and removes what has been stored of it.</>
				) : (
					<>
						This permanently deletes its files
						{keys !== null && bytes !== null && (
							<>
								:{" "}
								<strong className="font-semibold">
									{exactCount(keys)} {keys === 1 ? "key" : "keys"} ({formatBytes(bytes)})
								</strong>
							</>
						)}
						.
					</>
				)}{" "}
				{cache !== "" && `Cache ${cache}, `}
				{cache === "" ? "Caches" : "caches"} restored from the snapshot and copies of it stay as
				they are.
			</p>
		</TypedConfirmationDialog>
	);
}
