"use client";

import { FormTextField } from "../../_ui/form-fields.tsx";
import type { BucketDraft } from "./store-draft.ts";

interface FieldsProps<Draft> {
	draft: Draft;
	onChange: (change: Partial<Draft>) => void;
	/** What is wrong with a field, by the API's name of it. */
	errorAt: (field: string) => string | undefined;
}

/** How the bucket's service is reached. */
export function ServiceFields({
	draft,
	onChange,
	errorAt,
}: FieldsProps<Pick<BucketDraft, "endpoint" | "region">>) {
	return (
		<div className="grid gap-4 sm:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
			<FormTextField
				label="Endpoint"
				name="endpoint"
				value={draft.endpoint}
				onChange={(endpoint) => onChange({ endpoint })}
				isOptional
				autoComplete="off"
				placeholder="https://s3.example.com"
				error={errorAt("endpoint")}
				hint="Of a service other than AWS's."
			/>
			<FormTextField
				label="Region"
				name="region"
				value={draft.region}
				onChange={(region) => onChange({ region })}
				autoComplete="off"
				error={errorAt("region")}
			/>
		</div>
	);
}

interface KeyFieldsProps extends FieldsProps<Pick<BucketDraft, "accessKeyId" | "secretAccessKey">> {
	secretHint: string;
}

/** The secret can be written, and never read. */
export function KeyFields({ draft, onChange, errorAt, secretHint }: KeyFieldsProps) {
	return (
		<div className="grid gap-4 sm:grid-cols-2">
			<FormTextField
				label="Access key ID"
				name="accessKeyId"
				value={draft.accessKeyId}
				onChange={(accessKeyId) => onChange({ accessKeyId })}
				autoComplete="off"
				error={errorAt("accessKeyId")}
			/>
			<FormTextField
				label="Secret access key"
				name="secretAccessKey"
				type="password"
				value={draft.secretAccessKey}
				onChange={(secretAccessKey) => onChange({ secretAccessKey })}
				autoComplete="new-password"
				error={errorAt("secretAccessKey")}
				hint={secretHint}
			/>
		</div>
	);
}
