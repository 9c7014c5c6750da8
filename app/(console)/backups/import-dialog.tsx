"use client";

import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { snapshotNameSchema } from "../../../server/contract/cache.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { asSentence } from "../../_lib/form-issues.ts";
import { addPendingSnapshot } from "../../_lib/pending-work.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { startUpload } from "../../_lib/uploads.ts";
import { FormDialog } from "../../_ui/form-dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { FilesField } from "./files-field.tsx";
import { snapshotPath } from "./snapshot-words.ts";
import { StoreField, useStores } from "./store-field.tsx";
import { useSnapshotChanged } from "./use-snapshot-changed.ts";

/** Makes a snapshot of RDB files that a person has. Mounted while it is open. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
	const trpc = useTRPC();
	const router = useRouter();
	const onChanged = useSnapshotChanged();
	const [typed, setTyped] = useState("");
	const [files, setFiles] = useState<readonly File[]>([]);
	const [store, setStore] = useState("");
	const usualStore = useStores().find(({ isDefault }) => isDefault)?.name;
	const name = typed.trim();
	const issue =
		name === "" ? undefined : snapshotNameSchema.safeParse(name).error?.issues[0]?.message;
	const begin = useMutation(
		trpc.snapshots.import.mutationOptions({
			onSuccess: (snapshot) => {
				addPendingSnapshot(snapshot.name, snapshot.cache);
				void startUpload(snapshot.name, files);
				onChanged();
				router.push(snapshotPath(snapshot.name));
			},
		}),
	);
	const problem = begin.isError ? toApiProblem(begin.error) : null;
	const isAtName = problem?.field === "name";
	return (
		<FormDialog
			onClose={onClose}
			title="Import RDB files"
			action="Import"
			isDisabled={name === "" || issue !== undefined || files.length === 0}
			isPending={begin.isPending || begin.isSuccess}
			onSubmit={() =>
				begin.mutate({ name, files: files.length, ...(store === "" ? {} : { store }) })
			}
		>
			{problem !== null && !isAtName && (
				<ProblemBanner title="Nothing was imported" error={begin.error} />
			)}
			<FormTextField
				label="Name"
				name="name"
				value={typed}
				onChange={(text) => {
					setTyped(text);
					if (begin.isError) begin.reset();
				}}
				autoFocus
				autoComplete="off"
				hint="Of the snapshot that they become."
				error={
					issue !== undefined
						? asSentence(issue)
						: isAtName
							? asSentence(problem.message)
							: undefined
				}
			/>
			<FilesField
				files={files}
				onChange={setFiles}
				hint="From any Redis or Valkey, such as its dump.rdb. For a cluster, one file for each shard."
			/>
			{usualStore !== undefined && (
				<StoreField value={store} onChange={setStore} usual={usualStore} />
			)}
			<p className="text-[0.8125rem] text-muted">
				Larder reads the files to the end, and refuses damaged ones, newer formats than its engines
				read, and data of modules.
			</p>
		</FormDialog>
	);
}
