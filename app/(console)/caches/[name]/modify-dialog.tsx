"use client";

import { toast } from "@heroui/react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { modifyCacheInputSchema } from "../../../../server/contract/cache.ts";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import { familyOf } from "../../../../server/contract/offered-versions.ts";
import { toApiProblem } from "../../../_lib/api-problem.ts";
import { asSentence, firstIssues } from "../../../_lib/form-issues.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { CheckField } from "../../../_ui/check-field.tsx";
import { FormDialog } from "../../../_ui/form-dialog.tsx";
import { FormTextField } from "../../../_ui/form-fields.tsx";
import { Banner, ProblemBanner } from "../../../_ui/notices.tsx";
import { SelectField } from "../../../_ui/select-field.tsx";
import { SwitchField } from "../../../_ui/switch-field.tsx";
import { groupOptions } from "../group-options.ts";
import { tagProblem } from "../tags.ts";
import { TagsEditor } from "../tags-editor.tsx";
import { KindFields } from "./kind-fields.tsx";
import {
	type Difference,
	differences,
	engineOf,
	type ModifyDraft,
	shapeChanges,
	shapeRefusals,
	toModifyDraft,
} from "./modification.ts";
import { ShapeFields } from "./shape-fields.tsx";
import { ShapePreview } from "./shape-preview.tsx";
import { ShardReplicasField } from "./shard-replicas-field.tsx";
import { useModify } from "./use-modify.ts";
import { WhenField } from "./when-field.tsx";

interface ModifyDialogProps {
	cache: Cache;
	onClose: () => void;
}

/** Changes what can change while the cache runs, and shows the difference before it is sent. Mounted while it is open. */
export function ModifyDialog({ cache, onClose }: ModifyDialogProps) {
	const [draft, setDraft] = useState<ModifyDraft>(() => toModifyDraft(cache));
	const [isAccepted, setAccepted] = useState(false);
	const modify = useModify(cache.name, () => {
		toast.success(done);
		onClose();
	});
	const set = (change: Partial<ModifyDraft>) => setDraft((old) => ({ ...old, ...change }));
	const { changes, list } = differences(cache, draft);
	const shape = shapeChanges(changes);
	const done =
		changes.apply === "window"
			? `${cache.name} will change in its maintenance window`
			: `${cache.name} ${shape !== null ? "is being" : "was"} modified`;
	const refusals = shapeRefusals(cache, shape);
	const parsed = modifyCacheInputSchema.safeParse({ ...changes, name: cache.name });
	const issues = list.length === 0 ? new Map<string, string>() : firstIssues(parsed.error);
	const tags = tagProblem(draft.tags);
	const isAllowed = parsed.success && refusals.length === 0;
	const isUpgrade = engineOf(draft) !== null;
	const isValid = list.length > 0 && isAllowed && tags === null && (isAccepted || !isUpgrade);
	const problem = modify.isError ? toApiProblem(modify.error) : null;
	const errorOf = (field: string) => {
		const refusal = [...refusals, problem].find((each) => each?.field === field);
		return issues.get(field) ?? (refusal ? asSentence(refusal.message) : undefined);
	};
	const elsewhere = refusals.filter(({ field }) => !(field in draft));
	return (
		<FormDialog
			onClose={onClose}
			title={`Modify ${cache.name}`}
			size="lg"
			action="Apply changes"
			isDisabled={!isValid}
			isPending={modify.isPending}
			onSubmit={() =>
				modify.mutate(isUpgrade ? { ...changes, acceptIrreversible: isAccepted } : changes)
			}
		>
			{elsewhere.map(({ field, message }) => (
				<Banner key={field} tone="warning" title="This can't be done">
					{asSentence(message)}
				</Banner>
			))}
			{problem !== null && !(problem.field !== null && problem.field in draft) && (
				<ProblemBanner title="Nothing was changed" error={modify.error} />
			)}
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
				engine={engineOf(draft) ?? cache}
				value={draft.parameterGroup}
				onChange={(parameterGroup) => set({ parameterGroup })}
				error={errorOf("parameterGroup")}
			/>
			<div className="grid items-start gap-x-3 gap-y-4 sm:grid-cols-2">
				<KindFields cache={cache} draft={draft} set={set} errorOf={errorOf} />
				<ShapeFields cache={cache} draft={draft} set={set} errorOf={errorOf} />
				<SwitchField
					label="Deletion protection"
					name="deletionProtection"
					isOn={draft.deletionProtection}
					onChange={(deletionProtection) => set({ deletionProtection })}
					hint="The cache can't be deleted while this is on."
				/>
			</div>
			{cache.clusterMode === "enabled" && cache.shards.length > 1 && (
				<ShardReplicasField
					cache={cache}
					draft={draft}
					set={set}
					error={errorOf("shardReplicas")}
				/>
			)}
			<div className="grid items-start gap-x-3 gap-y-4 sm:grid-cols-2">
				<FormTextField
					label="Zones"
					name="zones"
					value={draft.zones}
					onChange={(zones) => set({ zones })}
					autoComplete="off"
					placeholder="any"
					error={errorOf("zones")}
					hint="The zones that nodes may be in, separated by commas. Nodes in other zones move, unless they were moved by hand. Leave empty for any zone."
				/>
				<FormTextField
					label="Maintenance window"
					name="maintenanceWindow"
					value={draft.maintenanceWindow}
					onChange={(maintenanceWindow) => set({ maintenanceWindow })}
					autoComplete="off"
					isMonospace
					error={errorOf("maintenanceWindow")}
					hint="Weekly, in UTC, 60 minutes to 24 hours, such as sun:05:00-sun:06:00."
				/>
			</div>
			<fieldset>
				<legend className="mb-1.5 font-medium">Tags</legend>
				<TagsEditor
					tags={draft.tags}
					onChange={(next) => set({ tags: next })}
					error={tags ?? errorOf("tags")}
				/>
			</fieldset>
			<DifferenceList list={list} />
			{shape !== null && <WhenField value={draft.apply} onChange={(apply) => set({ apply })} />}
			{shape !== null && isAllowed && <ShapePreview {...shape} name={cache.name} />}
			{isUpgrade && (
				<CheckField
					label="I understand that the engine upgrade can't be undone"
					isChecked={isAccepted}
					onChange={setAccepted}
				/>
			)}
		</FormDialog>
	);
}

function GroupField(props: {
	cache: Cache;
	/** The engine that the cache will have. */
	engine: Pick<Cache, "engine" | "engineVersion">;
	value: string;
	onChange: (value: string) => void;
	error: string | undefined;
}) {
	const { cache, engine, value, onChange, error } = props;
	const trpc = useTRPC();
	const family = familyOf(engine.engine, engine.engineVersion);
	const groups = useQuery(trpc.parameterGroups.list.queryOptions({ family }));
	const options = groupOptions(groups.data?.items ?? [], cache.clusterMode);
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
