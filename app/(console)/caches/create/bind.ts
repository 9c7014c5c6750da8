import { asSentence } from "../../../_lib/form-issues.ts";
import type { DraftField } from "./draft.ts";
import type { CreateForm } from "./use-create-form.ts";

/** A text field's props from the form's state. */
export function bind(form: CreateForm, field: "name" | "description" | "port" | "slots") {
	return {
		name: field,
		value: form.draft[field],
		onChange: (value: string) => form.set(field, value),
		onBlur: () => form.visit(field),
		error: errorSentence(form, field),
	};
}

export function errorSentence(form: CreateForm, field: DraftField): string | undefined {
	const error = form.errorOf(field);
	return error === undefined ? undefined : asSentence(error);
}
