"use client";

import { LIMITS } from "../../../../server/contract/limits.ts";
import { FormTextField } from "../../../_ui/form-fields.tsx";
import { SelectField } from "../../../_ui/select-field.tsx";
import { bind } from "./bind.ts";
import { PURPOSE_LIST, purposeOf } from "./purposes.ts";
import type { Wizard } from "./use-wizard.ts";

interface NameFieldProps {
	wizard: Wizard;
	className?: string;
}

export function NameField({ wizard, className = "" }: NameFieldProps) {
	return (
		<FormTextField
			label="Name"
			{...bind(wizard.form, "name")}
			className={className}
			autoFocus={wizard.isArriving}
			autoComplete="off"
			hint={`Letters, digits and hyphens; at most ${LIMITS.nameMaxLength} characters. You can't change it later.`}
		/>
	);
}

const NONE = "none";
const OPTIONS = [
	{ value: NONE, label: "None", detail: "Keeps the settings below as they are." },
	...PURPOSE_LIST.map(({ id, label, hint }) => ({ value: id, label, detail: hint })),
];

export function NameFields({ wizard }: { wizard: Wizard }) {
	const { form, origin, choosePurpose } = wizard;
	// A restored cache is like the one that its snapshot was taken of.
	if (origin !== null) {
		return <NameField wizard={wizard} className="sm:max-w-[calc(50%-0.375rem)]" />;
	}
	return (
		<div className="grid items-start gap-x-3 gap-y-5 sm:grid-cols-2">
			<NameField wizard={wizard} />
			<SelectField
				label="Purpose"
				isOptional
				value={form.draft.purpose === "" ? NONE : form.draft.purpose}
				options={OPTIONS}
				onChange={(value) => choosePurpose(purposeOf(value)?.id ?? "")}
				hint="Fills in sensible settings; you can change each of them."
			/>
		</div>
	);
}
