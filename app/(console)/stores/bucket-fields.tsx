"use client";

import { FormTextField } from "../../_ui/form-fields.tsx";
import { bindField, type FieldsProps } from "./bind-field.ts";
import type { BucketDraft } from "./store-draft.ts";

/** How the bucket's service is reached. */
export function ServiceFields(props: FieldsProps<Pick<BucketDraft, "endpoint" | "region">>) {
	return (
		<div className="grid gap-4 sm:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
			<FormTextField
				label="Endpoint"
				{...bindField(props, "endpoint")}
				isOptional
				placeholder="https://s3.example.com"
				hint="Of a service other than AWS's."
			/>
			<FormTextField label="Region" {...bindField(props, "region")} />
		</div>
	);
}

interface KeyFieldsProps extends FieldsProps<Pick<BucketDraft, "accessKeyId" | "secretAccessKey">> {
	secretHint: string;
}

/** The secret can be written, and never read. */
export function KeyFields({ secretHint, ...props }: KeyFieldsProps) {
	return (
		<div className="grid gap-4 sm:grid-cols-2">
			<FormTextField label="Access key ID" {...bindField(props, "accessKeyId")} />
			<FormTextField
				label="Secret access key"
				type="password"
				{...bindField(props, "secretAccessKey")}
				autoComplete="new-password"
				hint={secretHint}
			/>
		</div>
	);
}
