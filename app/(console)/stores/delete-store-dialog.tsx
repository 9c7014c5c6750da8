"use client";

import { useMutation } from "@tanstack/react-query";
import type { Store } from "../../../server/contract/store.ts";
import { formatBytes } from "../../_lib/format/bytes.ts";
import { plural } from "../../_lib/format/count.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ConfirmDialog } from "../../_ui/confirm-dialog.tsx";
import { Banner } from "../../_ui/notices.tsx";
import { PageLink } from "../../_ui/page-link.tsx";
import { placeOf } from "./store-words.ts";
import { useStoresChanged } from "./use-stores-changed.ts";

interface DeleteStoreDialogProps {
	store: Store;
	onClose: () => void;
}

/** Says what stands against it, if anything does. Mounted while it is open. */
export function DeleteStoreDialog({ store, onClose }: DeleteStoreDialogProps) {
	const trpc = useTRPC();
	const onChanged = useStoresChanged();
	const { name, snapshots, bytes, holdsBackups, encryption } = store;
	const remove = useMutation(
		trpc.stores.delete.mutationOptions({
			onSuccess: () => {
				onChanged();
				onClose();
			},
		}),
	);
	return (
		<ConfirmDialog
			title={`Delete ${name}?`}
			confirm="Delete store"
			isDanger
			isObstructed={snapshots > 0 || holdsBackups}
			failure="The store wasn't deleted"
			change={remove}
			onConfirm={() => remove.mutate({ name })}
			onClose={onClose}
		>
			{snapshots > 0 && (
				<Banner tone="warning" title={`It keeps ${plural(snapshots, "snapshot")}`}>
					{plural(snapshots, "snapshot")} ({formatBytes(bytes)}) {snapshots === 1 ? "is" : "are"} in
					it. Copy what you want to keep to another store, and delete{" "}
					{snapshots === 1 ? "it" : "them"} first.{" "}
					<PageLink
						href={`/backups?store=${encodeURIComponent(name)}`}
						className="font-medium underline"
					>
						Show {snapshots === 1 ? "it" : "them"}
					</PageLink>
				</Banner>
			)}
			{holdsBackups && (
				<Banner tone="warning" title="The control plane backs itself up to it">
					Choose another store for the schedule, or end it first.
				</Banner>
			)}
			<p>
				Larder forgets the store and its credentials. Nothing in{" "}
				<code className="font-mono text-xs wrap-anywhere">{placeOf(store)}</code> is removed.
				{encryption === "age" &&
					" Larder also forgets the secret key, so keep it if you still need the files."}
			</p>
		</ConfirmDialog>
	);
}
