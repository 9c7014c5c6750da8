"use client";

import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import {
	type ImportSnapshotInput,
	importSnapshotInputSchema,
} from "../../../server/contract/snapshot.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { asSentence, issuesByPath } from "../../_lib/form-issues.ts";
import { addPendingSnapshot } from "../../_lib/pending-work.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { startUpload } from "../../_lib/uploads.ts";
import { ChoiceCard } from "../../_ui/choice-card.tsx";
import { FormDialog } from "../../_ui/form-dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { FilesField } from "./files-field.tsx";
import { HostFilesField, pathsOf } from "./host-files-field.tsx";
import { snapshotPath } from "./snapshot-words.ts";
import { StoreField, useStores } from "./store-field.tsx";
import { StoreFilesField } from "./store-files-field.tsx";
import { useSnapshotChanged } from "./use-snapshot-changed.ts";

const SOURCES = [
	{ source: "upload", title: "This computer", detail: "The browser uploads them." },
	{ source: "store", title: "A store", detail: "They are in it already." },
	{ source: "host", title: "A host", detail: "Its agent sends them." },
] as const;
type Source = (typeof SOURCES)[number]["source"];

interface ImportDialogProps {
	/** A store whose files are to be imported. */
	from: string | null;
	onClose: () => void;
}

/** Makes a snapshot of RDB files that are elsewhere. Mounted while it is open. */
export function ImportDialog({ from, onClose }: ImportDialogProps) {
	const trpc = useTRPC();
	const router = useRouter();
	const onChanged = useSnapshotChanged();
	const [typed, setTyped] = useState("");
	const [source, setSource] = useState<Source>(from === null ? "upload" : "store");
	const [files, setFiles] = useState<readonly File[]>([]);
	const [inStore, setInStore] = useState({ store: from ?? "", keys: [] as readonly string[] });
	const [onHost, setOnHost] = useState({ host: "", paths: "" });
	const [store, setStore] = useState("");
	const usualStore = useStores().find(({ isDefault }) => isDefault)?.name;
	const name = typed.trim();
	const paths = pathsOf(onHost);
	const begin = useMutation(
		trpc.snapshots.import.mutationOptions({
			onSuccess: (snapshot) => {
				addPendingSnapshot(snapshot.name, snapshot.cache);
				if (source === "upload") void startUpload(snapshot.name, files);
				onChanged();
				router.push(snapshotPath(snapshot.name));
			},
		}),
	);
	const parts: Readonly<Record<Source, Partial<ImportSnapshotInput>>> = {
		upload: { files: files.length },
		store: { from: { ...inStore, keys: [...inStore.keys] } },
		host: { fromHost: { host: onHost.host, paths } },
	};
	const input = { name, ...parts[source], ...(store === "" ? {} : { store }) };
	const parsed = importSnapshotInputSchema.safeParse(input);
	const issues = issuesByPath(parsed.error);
	const wrongPath = paths.findIndex((_, index) => issues.has(`fromHost.paths.${index}`));
	const problem = begin.isError ? toApiProblem(begin.error) : null;
	const isAtName = problem?.field === "name";
	return (
		<FormDialog
			onClose={onClose}
			title="Import RDB files"
			action="Import"
			size="lg"
			isDisabled={!parsed.success}
			isPending={begin.isPending || begin.isSuccess}
			onSubmit={() => {
				if (parsed.success) begin.mutate(parsed.data);
			}}
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
					name !== "" && issues.has("name")
						? issues.get("name")
						: isAtName
							? asSentence(problem.message)
							: undefined
				}
			/>
			<fieldset>
				<legend className="mb-1.5 text-sm font-medium">Where the files are</legend>
				<div className="grid gap-3 sm:grid-cols-3">
					{SOURCES.map(({ source: value, title, detail }) => (
						<ChoiceCard
							key={value}
							name="source"
							value={value}
							isChosen={source === value}
							onChoose={() => setSource(value)}
							title={title}
						>
							{detail}
						</ChoiceCard>
					))}
				</div>
			</fieldset>
			{source === "upload" && (
				<FilesField
					files={files}
					onChange={setFiles}
					hint="From any Redis or Valkey, such as its dump.rdb. For a cluster, one file for each shard."
				/>
			)}
			{source === "store" && (
				<>
					<StoreField
						label="Store with the files"
						value={inStore.store}
						onChange={(chosen) => setInStore({ store: chosen, keys: [] })}
					/>
					{inStore.store !== "" && (
						<StoreFilesField
							key={inStore.store}
							store={inStore.store}
							keys={inStore.keys}
							onChange={(keys) => setInStore({ ...inStore, keys })}
						/>
					)}
				</>
			)}
			{source === "host" && (
				<HostFilesField
					value={onHost}
					onChange={setOnHost}
					error={wrongPath < 0 ? undefined : `${paths[wrongPath]} isn't an absolute path.`}
				/>
			)}
			{usualStore !== undefined && (
				<StoreField
					label="Store for the snapshot"
					value={store}
					onChange={setStore}
					usual={usualStore}
				/>
			)}
			<p className="text-[0.8125rem] text-muted">
				Larder reads the files to the end, and refuses damaged ones, newer formats than its engines
				read, and data of modules.
			</p>
		</FormDialog>
	);
}
