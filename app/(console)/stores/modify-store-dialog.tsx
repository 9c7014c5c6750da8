"use client";

import { toast } from "@heroui/react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { modifyStoreInputSchema, type Store } from "../../../server/contract/store.ts";
import { issuesByPath } from "../../_lib/form-issues.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { FormDialog } from "../../_ui/form-dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { bindField } from "./bind-field.ts";
import { AddressingField, KeyFields, ServiceFields } from "./bucket-fields.tsx";
import { changeOf, draftOf } from "./store-draft.ts";
import { placeOf } from "./store-words.ts";
import { useStoresChanged } from "./use-stores-changed.ts";

interface ModifyStoreDialogProps {
	store: Store;
	onClose: () => void;
}

/** Changes how a store is reached. Mounted while it is open. */
export function ModifyStoreDialog({ store, onClose }: ModifyStoreDialogProps) {
	const trpc = useTRPC();
	const onChanged = useStoresChanged();
	const [draft, setDraft] = useState(() => draftOf(store));
	const modify = useMutation(
		trpc.stores.modify.mutationOptions({
			gcTime: 0,
			onSuccess: () => {
				onChanged();
				toast.success(`Store ${store.name} works with its new settings`);
				onClose();
			},
		}),
	);
	const change = (changed: Partial<typeof draft>) => {
		setDraft((before) => ({ ...before, ...changed }));
		if (modify.isError) modify.reset();
	};
	const input = changeOf(store, draft);
	const issues = issuesByPath(
		input === null ? undefined : modifyStoreInputSchema.safeParse(input).error,
	);
	const form = { draft, onChange: change, errorAt: (field: string) => issues.get(field) };
	return (
		<FormDialog
			onClose={onClose}
			title={`Modify ${store.name}`}
			action="Test and save"
			isDisabled={input === null || issues.size > 0}
			isPending={modify.isPending}
			onSubmit={() => {
				if (input !== null) modify.mutate(input);
			}}
		>
			{modify.isError && <ProblemBanner title="The store wasn't changed" error={modify.error} />}
			{store.kind === "directory" ? (
				<FormTextField
					label="Directory"
					{...bindField(form, "path")}
					isMonospace
					hint="Where the directory with the store's files is now. Larder moves nothing."
				/>
			) : (
				<>
					<p className="text-muted">
						Bucket <code className="font-mono text-xs wrap-anywhere">{placeOf(store)}</code>. It
						stays; only how Larder reaches it can be changed.
					</p>
					<ServiceFields {...form} />
					<AddressingField
						value={draft.addressing}
						onChange={(addressing) => change({ addressing })}
					/>
					<KeyFields
						{...form}
						secretHint={
							draft.usesKeys
								? "Leave it empty to keep the one that is set."
								: "So far, Larder uses what the control plane's machine has."
						}
					/>
				</>
			)}
			<p className="text-[0.8125rem] text-muted">
				Larder tries the new settings before it keeps them.
			</p>
		</FormDialog>
	);
}
