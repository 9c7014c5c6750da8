"use client";

import { Button, toast } from "@heroui/react";
import { useQuery } from "@tanstack/react-query";
import { type SubmitEvent, useId, useState } from "react";
import { type Cache, modifyCacheInputSchema } from "../../../../server/contract/cache.ts";
import { toApiProblem } from "../../../_lib/api-problem.ts";
import { familyOf } from "../../../_lib/engines.ts";
import { asSentence, firstIssues } from "../../../_lib/form-issues.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { Dialog } from "../../../_ui/dialog.tsx";
import { FormTextField } from "../../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../../_ui/notices.tsx";
import { SelectField } from "../../../_ui/select-field.tsx";
import { SwitchField } from "../../../_ui/switch-field.tsx";
import { tagProblem } from "../tags.ts";
import { TagsEditor } from "../tags-editor.tsx";
import { type Difference, differences, type ModifyDraft, toModifyDraft } from "./modification.ts";
import { useModify } from "./use-modify.ts";

interface ModifyDialogProps {
	cache: Cache;
	isOpen: boolean;
	onOpenChange: (isOpen: boolean) => void;
}

/** Changes what can change while the cache runs, and shows the difference before it is sent. */
export function ModifyDialog({ cache, isOpen, onOpenChange }: ModifyDialogProps) {
	const formId = useId();
	const [draft, setDraft] = useState<ModifyDraft>(() => toModifyDraft(cache));
	const close = () => onOpenChange(false);
	const modify = useModify(cache.name, () => {
		toast.success(`${cache.name} was modified`);
		close();
	});
	const set = (change: Partial<ModifyDraft>) => setDraft((old) => ({ ...old, ...change }));
	const { changes, list } = differences(cache, draft);
	const parsed = modifyCacheInputSchema.safeParse({ ...changes, name: cache.name });
	const issues = list.length === 0 ? new Map<string, string>() : firstIssues(parsed.error);
	const tags = tagProblem(draft.tags);
	const isValid = list.length > 0 && parsed.success && tags === null;
	const problem = modify.isError ? toApiProblem(modify.error) : null;
	const errorOf = (field: string) =>
		issues.get(field) ?? (problem?.field === field ? asSentence(problem.message) : undefined);
	const submit = (event: SubmitEvent<HTMLFormElement>) => {
		event.preventDefault();
		if (isValid && !modify.isPending) modify.mutate(changes);
	};
	return (
		<Dialog
			isOpen={isOpen}
			onOpenChange={(open) => !open && close()}
			title={`Modify ${cache.name}`}
			size="lg"
			footer={
				<>
					<Button variant="outline" onPress={close}>
						Cancel
					</Button>
					<Button type="submit" form={formId} isDisabled={!isValid} isPending={modify.isPending}>
						Apply changes
					</Button>
				</>
			}
		>
			{modify.isError && problem?.field == null && (
				<ProblemBanner title="Nothing was changed" error={modify.error} />
			)}
			<form id={formId} onSubmit={submit} noValidate className="flex flex-col gap-4">
				<FormTextField
					label="Description"
					name="description"
					value={draft.description}
					onChange={(description) => set({ description })}
					autoFocus
					autoComplete="off"
					error={errorOf("description")}
				/>
				<GroupField
					cache={cache}
					value={draft.parameterGroup}
					onChange={(parameterGroup) => set({ parameterGroup })}
					error={errorOf("parameterGroup")}
				/>
				<SwitchField
					label="Deletion protection"
					name="deletionProtection"
					isOn={draft.deletionProtection}
					onChange={(deletionProtection) => set({ deletionProtection })}
					hint="While on, nobody can delete the cache."
				/>
				<fieldset>
					<legend className="mb-1.5 font-medium">Tags</legend>
					<TagsEditor
						tags={draft.tags}
						onChange={(next) => set({ tags: next })}
						error={tags ?? errorOf("tags")}
					/>
				</fieldset>
			</form>
			<DifferenceList list={list} />
		</Dialog>
	);
}

function GroupField(props: {
	cache: Cache;
	value: string;
	onChange: (value: string) => void;
	error: string | undefined;
}) {
	const { cache, value, onChange, error } = props;
	const trpc = useTRPC();
	const family = familyOf(cache.engine, cache.engineVersion);
	const groups = useQuery(trpc.parameterGroups.list.queryOptions({ family }));
	const options = (groups.data?.items ?? []).map((group) => {
		const fits = group.clusterMode === null || group.clusterMode === cache.clusterMode;
		return {
			value: group.name,
			label: group.name,
			isDisabled: !fits,
			detail: fits
				? group.description
				: `Is for cluster mode ${group.clusterMode === "enabled" ? "on" : "off"}, which can't change.`,
		};
	});
	const isKnown = options.some((option) => option.value === value);
	return (
		<SelectField
			label="Parameter group"
			value={value}
			options={isKnown ? options : [{ value, label: value }, ...options]}
			onChange={onChange}
			error={error ?? (groups.isError ? "Parameter groups couldn't be loaded." : undefined)}
		/>
	);
}

function DifferenceList({ list }: { list: readonly Difference[] }) {
	return (
		<section
			aria-label="What changes"
			aria-live="polite"
			className="rounded-xl border border-border bg-well px-3.5 py-3 text-[0.8125rem]"
		>
			<h3 className="font-semibold">What changes</h3>
			{list.length === 0 ? (
				<p className="mt-1 text-muted">Nothing yet.</p>
			) : (
				<ul className="mt-1.5 flex flex-col gap-2">
					{list.map(({ field, from, to, effect }) => (
						<li key={field}>
							<span className="font-medium">{field}</span>{" "}
							<del className="break-words text-muted">{from}</del>{" "}
							<span aria-hidden className="text-muted">
								→
							</span>{" "}
							<ins className="break-words no-underline">{to}</ins>
							<span className="block text-xs text-muted">Takes effect {effect}.</span>
						</li>
					))}
				</ul>
			)}
		</section>
	);
}
