"use client";

import { CLIENT_PORT_RANGE, MEMCACHED_PORT_RANGE } from "../../../../server/contract/limits.ts";
import { FormTextField } from "../../../_ui/form-fields.tsx";
import { SwitchField } from "../../../_ui/switch-field.tsx";
import { TagsEditor } from "../tags-editor.tsx";
import { bind, errorSentence } from "./bind.ts";
import type { DraftField } from "./draft.ts";
import { FieldGroup } from "./field-group.tsx";
import type { CreateForm } from "./use-create-form.ts";

/** Fields that every cache has. */
interface CommonFieldProps {
	form: CreateForm;
}

export function anyError(form: CreateForm, fields: readonly DraftField[]): boolean {
	return fields.some((field) => form.errorOf(field) !== undefined);
}

export function portWords({ draft }: CreateForm): string {
	return draft.port.trim() === "" ? "automatic port" : `port ${draft.port.trim()}`;
}

export function PortField({ form }: CommonFieldProps) {
	const { first } = form.draft.engine === "memcached" ? MEMCACHED_PORT_RANGE : CLIENT_PORT_RANGE;
	return (
		<FormTextField
			label="Port"
			isOptional
			{...bind(form, "port")}
			inputMode="numeric"
			autoComplete="off"
			placeholder="automatic"
			hint={`Leave empty to use the lowest free port from ${first}.`}
			className="sm:max-w-[calc(50%-0.375rem)]"
		/>
	);
}

export function DescriptionField({ form }: CommonFieldProps) {
	return (
		<FormTextField
			label="Description"
			isOptional
			{...bind(form, "description")}
			autoComplete="off"
			hint="What the cache is for."
		/>
	);
}

export function ProtectionField({ form }: CommonFieldProps) {
	return (
		<SwitchField
			label="Deletion protection"
			name="deletionProtection"
			isOn={form.draft.deletionProtection}
			onChange={(isOn) => form.set("deletionProtection", isOn)}
			hint="The cache can't be deleted while this is on. Turn it off first."
		/>
	);
}

export function TagFields({ form }: CommonFieldProps) {
	return (
		<FieldGroup legend="Tags" isOptional>
			<TagsEditor
				tags={form.draft.tags}
				onChange={(next) => form.set("tags", next)}
				onBlur={() => form.visit("tags")}
				error={errorSentence(form, "tags")}
			/>
		</FieldGroup>
	);
}
