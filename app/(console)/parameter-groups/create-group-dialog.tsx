"use client";

import { toast } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import {
	createParameterGroupInputSchema,
	type ParameterFamily,
	parameterFamilySchema,
} from "../../../server/contract/parameter-group.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { familyName } from "../../_lib/engines.ts";
import { asSentence, firstIssues } from "../../_lib/form-issues.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { FormDialog } from "../../_ui/form-dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { SelectField } from "../../_ui/select-field.tsx";
import { SwitchField } from "../../_ui/switch-field.tsx";

const FAMILIES = parameterFamilySchema.options.map((family) => ({
	value: family,
	label: familyName(family),
}));

const EMPTY = { name: "", family: "valkey9" as ParameterFamily, isCluster: false, description: "" };

/** Creates a group and opens its page, where its values can be set. Mounted while it is open. */
export function CreateGroupDialog({ onClose }: { onClose: () => void }) {
	const trpc = useTRPC();
	const router = useRouter();
	const queryClient = useQueryClient();
	const [draft, setDraft] = useState(EMPTY);
	const [isSubmitted, setSubmitted] = useState(false);
	const create = useMutation(
		trpc.parameterGroups.create.mutationOptions({
			onSuccess: (group) => {
				void queryClient.invalidateQueries({ queryKey: trpc.parameterGroups.list.queryKey() });
				toast.success(`Parameter group ${group.name} was created`);
				router.push(`/parameter-groups/${group.name}`);
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
	const submit = () => {
		setSubmitted(true);
		if (parsed.success) create.mutate(parsed.data);
	};
	return (
		<FormDialog
			onClose={onClose}
			title="Create a parameter group"
			action="Create parameter group"
			isPending={create.isPending}
			onSubmit={submit}
		>
			{problem !== null && problem.field !== "name" && (
				<ProblemBanner title="No parameter group was created" error={create.error} />
			)}
			<FormTextField
				label="Name"
				name="name"
				value={draft.name}
				onChange={(name) => set({ name })}
				autoFocus
				autoComplete="off"
				hint="Letters, digits, dots and hyphens. You can't change it later."
				error={issues.get("name") ?? refusedAt("name")}
			/>
			<SelectField
				label="Family"
				value={draft.family}
				options={FAMILIES}
				onChange={(value) => set({ family: parameterFamilySchema.parse(value) })}
				hint="Only caches of this engine and version can use the group. You can't change it later."
			/>
			<SwitchField
				label="Cluster mode"
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
		</FormDialog>
	);
}
