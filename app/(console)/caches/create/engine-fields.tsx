"use client";

import { useQuery } from "@tanstack/react-query";
import { LIMITS } from "../../../../server/contract/limits.ts";
import { asSentence } from "../../../_lib/form-issues.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { plural } from "../../../_lib/format/count.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { ChoiceCard } from "../../../_ui/choice-card.tsx";
import { FormTextField } from "../../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../../_ui/notices.tsx";
import { SelectField } from "../../../_ui/select-field.tsx";
import { BlockSkeleton } from "../../../_ui/skeletons.tsx";
import { FieldGroup } from "./field-group.tsx";
import type { CreateForm, DraftField } from "./use-create-form.ts";

/** A field's props out of the form's state. */
export function bind(form: CreateForm, field: "name" | "description" | "port") {
	const error = form.errorOf(field satisfies DraftField);
	return {
		name: field,
		value: form.draft[field],
		onChange: (value: string) => form.set(field, value),
		onBlur: () => form.visit(field),
		error: error === undefined ? undefined : asSentence(error),
	};
}

export function NameFields({ form }: { form: CreateForm }) {
	return (
		<div className="grid gap-x-4 gap-y-5 sm:grid-cols-2">
			<FormTextField
				label="Name"
				{...bind(form, "name")}
				autoFocus
				autoComplete="off"
				hint={`Letters, digits, hyphens; at most ${LIMITS.nameMaxLength}. It can't change later.`}
			/>
			<FormTextField
				label="Description"
				isOptional
				{...bind(form, "description")}
				autoComplete="off"
				hint="What it is for, for those who come after you."
			/>
		</div>
	);
}

const NEWEST = "newest";

export function EngineFields({ form }: { form: CreateForm }) {
	const trpc = useTRPC();
	const versions = useQuery(trpc.engineVersions.list.queryOptions({}, { staleTime: 30_000 }));
	const nodeTypes = useQuery(trpc.nodeTypes.list.queryOptions({}, { staleTime: Infinity }));
	const items = versions.data?.items ?? [];
	const newest = items.find(({ isDefault }) => isDefault)?.version;
	const options = [
		{ value: NEWEST, label: newest === undefined ? "Newest" : `Newest (${newest})` },
		...items.map(({ version, hosts }) => ({
			value: version,
			label: version,
			detail: `On ${plural(hosts.length, "host")}`,
		})),
	];
	return (
		<>
			<div className="grid gap-x-4 gap-y-5 sm:grid-cols-2">
				<FieldGroup legend="Engine">
					<ChoiceCard name="engine" value="valkey" isChosen onChoose={() => {}} title="Valkey">
						Every data type, replication, Redis-compatible.
					</ChoiceCard>
				</FieldGroup>
				<div>
					<SelectField
						label="Engine version"
						value={form.draft.engineVersion === "" ? NEWEST : form.draft.engineVersion}
						options={options}
						onChange={(value) => form.set("engineVersion", value === NEWEST ? "" : value)}
					/>
					<p className="mt-1.5 text-xs text-muted">
						{versions.isSuccess && items.length === 0
							? "No host has an engine yet: the cache waits until one has."
							: "Versions that your hosts have unpacked."}
					</p>
				</div>
			</div>
			<FieldGroup
				legend="Node type"
				hint="A quarter of a node's memory is kept for buffers and copies, so that data never starves them."
			>
				{nodeTypes.isError && (
					<ProblemBanner title="Node types couldn't be loaded" error={nodeTypes.error} />
				)}
				{nodeTypes.isPending && <BlockSkeleton className="h-20" label="Loading node types" />}
				<div className="grid gap-3 sm:grid-cols-3">
					{nodeTypes.data?.items.map((type) => (
						<ChoiceCard
							key={type.name}
							// Not "nodeType": a control of that name hides the form element's own property.
							name="node-type"
							value={type.name}
							isChosen={form.draft.nodeType === type.name}
							onChoose={() => form.set("nodeType", type.name)}
							title={<span className="tabular-nums">{type.name}</span>}
						>
							{type.vcpus} vCPU · {formatBytes(type.memoryBytes)}
							<br />
							{formatBytes(type.usableMemoryBytes)} for data
						</ChoiceCard>
					))}
				</div>
			</FieldGroup>
		</>
	);
}
