"use client";

import { LIMITS } from "../../../server/contract/limits.ts";
import { FormTextField } from "../../_ui/form-fields.tsx";
import type { LimitField, LimitsDraft } from "./limits-draft.ts";

interface LimitFieldsProps {
	draft: LimitsDraft;
	set(field: LimitField, value: string): void;
	onBlur?(field: LimitField): void;
	errorOf(field: LimitField): string | undefined;
	autoFocus?: LimitField;
}

const range = ({ min, max }: { min: number; max: number }) =>
	`${min.toLocaleString("en-US")} to ${max.toLocaleString("en-US")}`;

const GROUPS = [
	{
		title: "Data storage, in GB",
		hint: `Memory for data, without copies of it: ${range(LIMITS.dataStorageGb)}.`,
		min: { field: "storageMin", hint: "Kept ready, even while it is empty." },
		max: { field: "storageMax", hint: "Then keys are evicted, or writes fail." },
	},
	{
		title: "Requests, in ECPU per second",
		hint: `1 ECPU is a simple command of up to 1 KB: ${range(LIMITS.ecpuPerSecond)}.`,
		min: { field: "ecpuMin", hint: "Kept ready for a load that comes at once." },
		max: { field: "ecpuMax", hint: "Then clients wait." },
	},
] as const;

/** The least that a serverless cache keeps ready, and the most that it uses. */
export function LimitFields({ draft, set, onBlur, errorOf, autoFocus }: LimitFieldsProps) {
	const field = (label: string, { field: name, hint }: { field: LimitField; hint: string }) => (
		<FormTextField
			label={label}
			isOptional
			name={name}
			value={draft[name]}
			onChange={(value) => set(name, value)}
			onBlur={() => onBlur?.(name)}
			error={errorOf(name)}
			hint={hint}
			inputMode="numeric"
			autoComplete="off"
			placeholder="no limit"
			{...(name === autoFocus ? { autoFocus: true } : {})}
		/>
	);
	return GROUPS.map(({ title, hint, min, max }) => (
		<fieldset key={title} className="min-w-0">
			<legend className="text-sm font-medium">{title}</legend>
			<p className="mt-0.5 text-xs text-pretty text-muted">{hint}</p>
			<div className="mt-2.5 grid items-start gap-x-3 gap-y-4 sm:grid-cols-2">
				{field("Minimum", min)}
				{field("Maximum", max)}
			</div>
		</fieldset>
	));
}
