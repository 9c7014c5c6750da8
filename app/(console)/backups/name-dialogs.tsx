"use client";

import { toast } from "@heroui/react";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { snapshotNameSchema } from "../../../server/contract/cache.ts";
import type { Snapshot } from "../../../server/contract/snapshot.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { asSentence } from "../../_lib/form-issues.ts";
import { addPendingSnapshot } from "../../_lib/pending-work.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { FormDialog } from "../../_ui/form-dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { StoreField } from "./store-field.tsx";
import { useSnapshotChanged } from "./use-snapshot-changed.ts";

export interface SnapshotDialogProps {
	snapshot: Snapshot;
	onClose: () => void;
	/** The snapshot has another name now. */
	onRenamed?: (name: string) => void;
}

/** Mounted while it is open. */
export function CopyDialog({ snapshot, onClose }: SnapshotDialogProps) {
	const trpc = useTRPC();
	const onChanged = useSnapshotChanged();
	const [store, setStore] = useState("");
	const copy = useMutation(
		trpc.snapshots.copy.mutationOptions({
			onSuccess: ({ name, cache }) => {
				addPendingSnapshot(name, cache);
				onChanged();
				onClose();
			},
		}),
	);
	return (
		<NameDialog
			title={`Copy ${snapshot.name}`}
			label="Name of the copy"
			initial={`${snapshot.name}-copy`}
			action="Copy snapshot"
			failure="The snapshot wasn't copied"
			field="target"
			change={copy}
			hint="The copy doesn't expire."
			onSubmit={(target) =>
				copy.mutate({ name: snapshot.name, target, ...(store === "" ? {} : { store }) })
			}
			onClose={onClose}
		>
			<StoreField value={store} onChange={setStore} usual={snapshot.store} />
		</NameDialog>
	);
}

/** Mounted while it is open. */
export function RenameDialog({ snapshot, onClose, onRenamed }: SnapshotDialogProps) {
	const trpc = useTRPC();
	const onChanged = useSnapshotChanged();
	const rename = useMutation(
		trpc.snapshots.modify.mutationOptions({
			onSuccess: ({ name }) => {
				onChanged();
				toast.success(`${snapshot.name} is now named ${name}`);
				onClose();
				onRenamed?.(name);
			},
		}),
	);
	return (
		<NameDialog
			title={`Rename ${snapshot.name}`}
			label="New name"
			initial={snapshot.name}
			action="Rename snapshot"
			failure="The snapshot wasn't renamed"
			field="newName"
			change={rename}
			hint="Its files stay where they are. Scripts that use the old name must be changed."
			onSubmit={(newName) => rename.mutate({ name: snapshot.name, newName })}
			onClose={onClose}
		/>
	);
}

interface NameDialogProps {
	title: string;
	label: string;
	initial: string;
	action: string;
	failure: string;
	/** The API's name of the field. */
	field: string;
	hint: string;
	change: { isPending: boolean; isError: boolean; error: unknown };
	onSubmit: (name: string) => void;
	onClose: () => void;
	children?: ReactNode;
}

function NameDialog(props: NameDialogProps) {
	const { change, field, initial, onSubmit, onClose } = props;
	const [typed, setTyped] = useState(initial);
	const name = typed.trim();
	const issue = snapshotNameSchema.safeParse(name).error?.issues[0]?.message;
	const problem = change.isError ? toApiProblem(change.error) : null;
	const [refusedName, setRefusedName] = useState("");
	const isRefused = problem?.field === field && refusedName === name;
	return (
		<FormDialog
			onClose={onClose}
			title={props.title}
			action={props.action}
			isDisabled={issue !== undefined || name === initial}
			isPending={change.isPending}
			onSubmit={() => {
				setRefusedName(name);
				onSubmit(name);
			}}
		>
			{problem !== null && problem.field !== field && (
				<ProblemBanner title={props.failure} error={change.error} />
			)}
			<FormTextField
				label={props.label}
				name={field}
				value={typed}
				onChange={setTyped}
				autoFocus
				autoComplete="off"
				error={
					issue !== undefined
						? asSentence(issue)
						: isRefused
							? asSentence(problem.message)
							: undefined
				}
				hint={props.hint}
			/>
			{props.children}
		</FormDialog>
	);
}
