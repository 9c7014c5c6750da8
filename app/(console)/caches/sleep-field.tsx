"use client";

import { LIMITS } from "../../../server/contract/limits.ts";
import { FormTextField } from "../../_ui/form-fields.tsx";

interface SleepFieldProps {
	/** Minutes as typed; "" for never. */
	value: string;
	onChange(value: string): void;
	onBlur?(): void;
	error: string | undefined;
}

/** After how long without clients a serverless cache sleeps. */
export function SleepField({ value, onChange, onBlur, error }: SleepFieldProps) {
	const { min, max } = LIMITS.scaleToZeroMinutes;
	return (
		<FormTextField
			label="Scale to zero after, in minutes"
			isOptional
			name="sleepMinutes"
			value={value}
			onChange={onChange}
			onBlur={() => onBlur?.()}
			error={error}
			hint={`${min} to ${max.toLocaleString("en-US")}. After so long without clients the data is saved and the nodes end. The next connection waits until they are back.`}
			inputMode="numeric"
			autoComplete="off"
			placeholder="never"
		/>
	);
}
