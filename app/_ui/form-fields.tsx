"use client";

import { Description, Input, Label, TextArea, TextField } from "@heroui/react";
import { CircleAlert } from "lucide-react";
import type { HTMLInputAutoCompleteAttribute, ReactNode, Ref } from "react";

interface FormTextFieldProps {
	label: string;
	name: string;
	value: string;
	onChange: (value: string) => void;
	onBlur?: () => void;
	error?: string | undefined;
	hint?: ReactNode;
	isOptional?: boolean;
	type?: "text" | "email" | "password" | "search";
	autoComplete?: HTMLInputAutoCompleteAttribute;
	autoFocus?: boolean;
	placeholder?: string;
	inputMode?: "numeric" | "text";
	isMultiline?: boolean;
	/** Height of a multiline field. */
	rows?: number;
	isMonospace?: boolean;
	inputRef?: Ref<HTMLInputElement>;
	className?: string;
}

/** The message under a field at fault; its id is tied to the field by `aria-describedby`. */
export function FieldMessage({ children, id }: { children: ReactNode; id?: string }) {
	return (
		<p id={id} className="flex items-start gap-1.5 text-xs text-danger-soft-foreground">
			<CircleAlert aria-hidden className="mt-px size-3.5 shrink-0" />
			{children}
		</p>
	);
}

/** Label, input, hint and error as one field. */
export function FormTextField(props: FormTextFieldProps) {
	const { label, name, value, onChange, onBlur, error, hint, isOptional = false } = props;
	const shared = {
		placeholder: props.placeholder ?? "",
		className: `w-full ${props.isMonospace === true ? "font-mono" : ""}`,
	};
	return (
		<TextField
			name={name}
			value={value}
			onChange={onChange}
			{...(onBlur === undefined ? {} : { onBlur })}
			isInvalid={error !== undefined}
			validationBehavior="aria"
			type={props.type ?? "text"}
			{...(props.autoFocus === true ? { autoFocus: true } : {})}
			{...(props.autoComplete === undefined ? {} : { autoComplete: props.autoComplete })}
			className={`flex min-w-0 flex-col gap-1.5 ${props.className ?? ""}`}
		>
			<Label className="text-foreground">
				{label}
				{isOptional && <span className="font-normal text-muted"> optional</span>}
			</Label>
			{props.isMultiline === true ? (
				<TextArea {...shared} rows={props.rows ?? 2} />
			) : (
				<Input
					{...shared}
					{...(props.inputRef === undefined ? {} : { ref: props.inputRef })}
					{...(props.inputMode === undefined ? {} : { inputMode: props.inputMode })}
					spellCheck={false}
				/>
			)}
			{(hint !== undefined || error !== undefined) && (
				<Description className="flex flex-col gap-1 text-xs">
					{error !== undefined && (
						<span className="flex items-start gap-1.5 text-danger-soft-foreground">
							<CircleAlert aria-hidden className="mt-px size-3.5 shrink-0" />
							{error}
						</span>
					)}
					{error === undefined && hint}
				</Description>
			)}
		</TextField>
	);
}
