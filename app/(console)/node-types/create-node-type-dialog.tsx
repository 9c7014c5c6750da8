"use client";

import { toast } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { MIB } from "../../../server/contract/limits.ts";
import { nodeHourlyCost } from "../../../server/contract/node-price.ts";
import { createNodeTypeInputSchema } from "../../../server/contract/node-type.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { asSentence, firstIssues } from "../../_lib/form-issues.ts";
import { formatMoney, monthlyCost } from "../../_lib/format/money.ts";
import { useRateCard } from "../../_lib/queries.ts";
import { toNumber } from "../../_lib/to-number.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { FormDialog } from "../../_ui/form-dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";

const EMPTY = { name: "", vcpus: "1", memoryMib: "512", cpuMillis: "" };
type Field = keyof typeof EMPTY;

/** Mounted while it is open. */
export function CreateNodeTypeDialog({ onClose }: { onClose: () => void }) {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const { data: rateCard } = useRateCard();
	const [draft, setDraft] = useState(EMPTY);
	const [isSubmitted, setSubmitted] = useState(false);
	const create = useMutation(
		trpc.nodeTypes.create.mutationOptions({
			onSuccess: async (type) => {
				await queryClient.invalidateQueries({ queryKey: trpc.nodeTypes.list.queryKey() });
				toast.success(`Node type ${type.name} was created`);
				onClose();
			},
		}),
	);
	const parsed = createNodeTypeInputSchema.safeParse({
		name: draft.name.trim(),
		vcpus: toNumber(draft.vcpus),
		memoryMib: toNumber(draft.memoryMib),
		...(draft.cpuMillis.trim() === "" ? {} : { cpuMillis: toNumber(draft.cpuMillis) }),
	});
	const issues = isSubmitted ? firstIssues(parsed.error) : new Map<string, string>();
	const problem = create.isError ? toApiProblem(create.error) : null;
	const bind = (field: Field) => ({
		name: field,
		value: draft[field],
		onChange: (value: string) => {
			setDraft((old) => ({ ...old, [field]: value }));
			if (create.isError) create.reset();
		},
		error:
			issues.get(field) ?? (problem?.field === field ? asSentence(problem.message) : undefined),
		autoComplete: "off" as const,
	});
	const hourly =
		rateCard !== undefined && parsed.success
			? nodeHourlyCost(rateCard, {
					...{ engine: "valkey", nodeType: parsed.data.name },
					memoryBytes: parsed.data.memoryMib * MIB,
				})
			: null;
	const submit = () => {
		setSubmitted(true);
		if (parsed.success) create.mutate(parsed.data);
	};
	return (
		<FormDialog
			onClose={onClose}
			title="Create a node type"
			action="Create node type"
			isPending={create.isPending}
			onSubmit={submit}
		>
			{problem !== null && problem.field === null && (
				<ProblemBanner title="No node type was created" error={create.error} />
			)}
			<FormTextField
				label="Name"
				{...bind("name")}
				autoFocus
				placeholder="own.small"
				hint="At least two words separated by a dot, such as own.small. It can't begin with “cache.”"
			/>
			<div className="grid items-start gap-3 sm:grid-cols-2">
				<FormTextField
					label="vCPU"
					{...bind("vcpus")}
					inputMode="numeric"
					hint="How many threads the node runs, and the most CPUs it can use."
				/>
				<FormTextField
					label="Memory in MiB"
					{...bind("memoryMib")}
					inputMode="numeric"
					hint="A quarter is reserved and isn't available for data."
				/>
			</div>
			<FormTextField
				label="Assigned CPUs, in thousandths"
				isOptional
				{...bind("cpuMillis")}
				inputMode="numeric"
				placeholder="vCPU × 1000"
				hint="How much of a host's CPU capacity Larder assigns to each node. For a burstable type, less than its vCPUs."
			/>
			{hourly !== null && rateCard !== undefined && (
				<p className="text-[0.8125rem] text-muted" aria-live="polite">
					According to your rate card, each Valkey node costs{" "}
					{formatMoney(hourly, rateCard.currency)} an hour, or{" "}
					{formatMoney(monthlyCost(hourly), rateCard.currency)} a month.
				</p>
			)}
		</FormDialog>
	);
}
