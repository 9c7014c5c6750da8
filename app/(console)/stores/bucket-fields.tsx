"use client";

import { FormTextField } from "../../_ui/form-fields.tsx";
import { SelectField } from "../../_ui/select-field.tsx";
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

const ADDRESSINGS = [
	{
		value: "path",
		label: "In the path",
		detail: "https://s3.example.com/bucket, as most services other than AWS's expect.",
	},
	{
		value: "host",
		label: "In the host's name",
		detail: "https://bucket.s3.example.com, as AWS expects.",
	},
] as const;
const AUTOMATIC = {
	value: "automatic",
	label: "Automatic",
	detail: "In the path if you name an endpoint, or else in the host's name.",
} as const;

interface AddressingFieldProps {
	value: BucketDraft["addressing"];
	onChange: (addressing: BucketDraft["addressing"]) => void;
	/** Of a store that exists, the API says which of the two it is. */
	isNew?: boolean;
}

/** Where requests name the bucket. */
export function AddressingField({ value, onChange, isNew = false }: AddressingFieldProps) {
	const options = isNew ? [AUTOMATIC, ...ADDRESSINGS] : ADDRESSINGS;
	return (
		<SelectField
			label="Bucket's name in requests"
			value={value}
			options={options}
			onChange={(chosen) => {
				const found = options.find((option) => option.value === chosen);
				if (found !== undefined) onChange(found.value);
			}}
		/>
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
