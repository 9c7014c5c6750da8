import type { StoreDraft } from "./store-draft.ts";

type TextField = Exclude<keyof StoreDraft, "kind" | "encryption" | "usesKeys">;

/** What a part of a store's form works on. */
export interface FieldsProps<Draft> {
	draft: Draft;
	onChange: (change: Partial<Draft>) => void;
	/** What is wrong with a field, by the API's name of it. */
	errorAt: (field: string) => string | undefined;
}

/** A text field's props from the form's state. */
export function bindField<Field extends TextField>(
	{ draft, onChange, errorAt }: FieldsProps<Record<Field, string>>,
	field: Field,
) {
	return {
		name: field,
		value: draft[field],
		onChange: (text: string) => onChange({ [field]: text } as Partial<Record<Field, string>>),
		error: errorAt(field),
		autoComplete: "off" as const,
	};
}
