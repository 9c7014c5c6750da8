"use client";

import { Button, toast } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type SubmitEvent, useId, useState } from "react";
import {
	createParameterGroupInputSchema,
	type ParameterFamily,
	parameterFamilySchema,
} from "../../../server/contract/parameter-group.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { familyName } from "../../_lib/engines.ts";
import { asSentence, firstIssues } from "../../_lib/form-issues.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { Dialog } from "../../_ui/dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { SelectField } from "../../_ui/select-field.tsx";
import { SwitchField } from "../../_ui/switch-field.tsx";

const FAMILIES = parameterFamilySchema.options.map((family) => ({
	value: family,
	label: familyName(family),
}));

interface CreateGroupDialogProps {
	isOpen: boolean;
	onOpenChange: (isOpen: boolean) => void;
}

const EMPTY = { name: "", family: "valkey9" as ParameterFamily, isCluster: false, description: "" };

/** Makes a group and goes to it, where its values are set. */
export function CreateGroupDialog({ isOpen, onOpenChange }: CreateGroupDialogProps) {
	const trpc = useTRPC();
	const router = useRouter();
	const queryClient = useQueryClient();
	const formId = useId();
	const [draft, setDraft] = useState(EMPTY);
	const [isSubmitted, setSubmitted] = useState(false);
	const create = useMutation(
		trpc.parameterGroups.create.mutationOptions({
			onSuccess: (group) => {
				void queryClient.invalidateQueries({ queryKey: trpc.parameterGroups.list.queryKey() });
				toast.success(`Parameter group ${group.name} was created`);
				router.push(`/parameter-groups/${group.name}`);
				setDraft(EMPTY);
				setSubmitted(false);
			},
		}),
	);
	const isMemcached = draft.family === "memcached1.6";
	const input = {
		name: draft.name.trim(),
		family: draft.family,
		description: draft.description,
		parameters: draft.isCluster && !isMemcached ? { "cluster-enabled": "yes" } : {},
	};
	const parsed = createParameterGroupInputSchema.safeParse(input);
	const issues = isSubmitted ? firstIssues(parsed.error) : new Map<string, string>();
	const problem = create.isError ? toApiProblem(create.error) : null;
	const refusedAt = (field: string) =>
		problem?.field === field ? asSentence(problem.message) : undefined;
	const set = (change: Partial<typeof EMPTY>) => {
		setDraft((old) => ({ ...old, ...change }));
		if (create.isError) create.reset();
	};
	const close = () => {
		onOpenChange(false);
		setSubmitted(false);
		create.reset();
	};
	const submit = (event: SubmitEvent<HTMLFormElement>) => {
		event.preventDefault();
		setSubmitted(true);
		if (parsed.success && !create.isPending) create.mutate(parsed.data);
	};
	return (
		<Dialog
			isOpen={isOpen}
			onOpenChange={(open) => (open ? onOpenChange(true) : close())}
			title="Create a parameter group"
			footer={
				<>
					<Button variant="outline" onPress={close}>
						Cancel
					</Button>
					<Button type="submit" form={formId} isPending={create.isPending}>
						Create parameter group
					</Button>
				</>
			}
		>
			{problem !== null && problem.field !== "name" && (
				<ProblemBanner title="No parameter group was created" error={create.error} />
			)}
			<form id={formId} onSubmit={submit} noValidate className="flex flex-col gap-4">
				<FormTextField
					label="Name"
					name="name"
					value={draft.name}
					onChange={(name) => set({ name })}
					autoFocus
					autoComplete="off"
					hint="Letters, digits, dots, hyphens. It can't change later."
					error={issues.get("name") ?? refusedAt("name")}
				/>
				<SelectField
					label="Family"
					value={draft.family}
					options={FAMILIES}
					onChange={(value) => set({ family: parameterFamilySchema.parse(value) })}
					hint="The engine and version whose caches may use it. It can't change later."
				/>
				<SwitchField
					label="For cluster mode"
					name="cluster-enabled"
					isOn={draft.isCluster && !isMemcached}
					isDisabled={isMemcached}
					onChange={(isCluster) => set({ isCluster })}
					hint={
						isMemcached
							? "Memcached has no cluster mode."
							: draft.isCluster
								? "Sets cluster-enabled to yes: for caches with cluster mode on."
								: "For caches with cluster mode off."
					}
				/>
				<FormTextField
					label="Description"
					isOptional
					name="description"
					value={draft.description}
					onChange={(description) => set({ description })}
					autoComplete="off"
					error={issues.get("description")}
				/>
			</form>
		</Dialog>
	);
}
