"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { addPendingSnapshot } from "../../_lib/pending-work.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { FormDialog } from "../../_ui/form-dialog.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import type { SnapshotDialogProps } from "./name-dialogs.tsx";
import { StoreField } from "./store-field.tsx";
import { useSnapshotChanged } from "./use-snapshot-changed.ts";

/** Puts plain RDB files into a store, for other programs. Mounted while it is open. */
export function ExportDialog({ snapshot, onClose }: SnapshotDialogProps) {
	const trpc = useTRPC();
	const onChanged = useSnapshotChanged();
	const [store, setStore] = useState("");
	const { name } = snapshot;
	const send = useMutation(
		trpc.snapshots.export.mutationOptions({
			onSuccess: (copy) => {
				addPendingSnapshot(copy.name, copy.cache);
				onChanged();
				onClose();
			},
		}),
	);
	return (
		<FormDialog
			onClose={onClose}
			title={`Export ${name}`}
			action="Export snapshot"
			isDisabled={store === ""}
			isPending={send.isPending}
			onSubmit={() => send.mutate({ name, store })}
		>
			{send.isError && <ProblemBanner title="The snapshot wasn't exported" error={send.error} />}
			<StoreField value={store} onChange={setStore} />
			<p className="text-[0.8125rem] text-muted">
				The store gets one RDB file a shard, with manifest.json beside them. The export is listed as
				a snapshot of its own, and its page says in which directory the files are. In an encrypted
				store, they are age files.
			</p>
		</FormDialog>
	);
}
