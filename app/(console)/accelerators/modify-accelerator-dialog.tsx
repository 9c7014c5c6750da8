"use client";

import { toast } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
	type AcceleratorView,
	modifyAcceleratorInputSchema,
} from "../../../server/contract/accelerator.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { asSentence, issuesByPath } from "../../_lib/form-issues.ts";
import { toNumber } from "../../_lib/to-number.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { FormDialog } from "../../_ui/form-dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";

interface ModifyAcceleratorDialogProps {
	accelerator: AcceleratorView;
	onClose: () => void;
}

/** Mounted while it is open. */
export function ModifyAcceleratorDialog({ accelerator, onClose }: ModifyAcceleratorDialogProps) {
	const { name } = accelerator;
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const [draft, setDraft] = useState({
		itemTtlSeconds: String(accelerator.itemTtlSeconds),
		queryTtlSeconds: String(accelerator.queryTtlSeconds),
		instances: String(accelerator.instancesWanted),
	});
	type Field = keyof typeof draft;
	const [isSubmitted, setSubmitted] = useState(false);
	const modify = useMutation(
		trpc.accelerators.modify.mutationOptions({
			onSuccess: async (changed) => {
				queryClient.setQueryData(trpc.accelerators.get.queryKey({ name }), changed);
				await queryClient.invalidateQueries({ queryKey: trpc.accelerators.list.queryKey() });
				toast.success(`Accelerator ${name} was modified`);
				onClose();
			},
		}),
	);
	const parsed = modifyAcceleratorInputSchema.safeParse({
		name,
		itemTtlSeconds: toNumber(draft.itemTtlSeconds),
		queryTtlSeconds: toNumber(draft.queryTtlSeconds),
		instances: toNumber(draft.instances),
	});
	const issues = isSubmitted ? issuesByPath(parsed.error) : new Map<string, string>();
	const problem = modify.isError ? toApiProblem(modify.error) : null;
	const bind = (field: Field) => ({
		...{ name: field, value: draft[field], autoComplete: "off" as const },
		inputMode: "numeric" as const,
		error:
			issues.get(field) ?? (problem?.field === field ? asSentence(problem.message) : undefined),
		onChange: (value: string) => {
			setDraft((old) => ({ ...old, [field]: value }));
			if (modify.isError) modify.reset();
		},
	});
	return (
		<FormDialog
			onClose={onClose}
			title={`Modify ${name}`}
			action="Save changes"
			isPending={modify.isPending}
			onSubmit={() => {
				setSubmitted(true);
				if (parsed.success) modify.mutate(parsed.data);
			}}
		>
			{problem !== null && !((problem.field ?? "") in draft) && (
				<ProblemBanner title="Nothing was changed" error={modify.error} />
			)}
			<div className="flex flex-col gap-3">
				<FormTextField
					label="Keep items, in seconds"
					{...bind("itemTtlSeconds")}
					hint="Applies to items that are stored from now on."
					autoFocus
				/>
				<FormTextField
					label="Keep answers, in seconds"
					{...bind("queryTtlSeconds")}
					hint="Of Query and Scan."
				/>
				<FormTextField
					label="Instances"
					{...bind("instances")}
					hint="Each runs on a host of its own. Clients stay connected to those that remain."
				/>
			</div>
		</FormDialog>
	);
}
