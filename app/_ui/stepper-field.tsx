"use client";

import { Label, NumberField } from "@heroui/react";
import type { ReactNode } from "react";
import { FieldMessage } from "./form-fields.tsx";

interface StepperFieldProps {
	label: string;
	/** The input's name, by which it is focused. */
	name: string;
	value: number;
	min: number;
	max: number;
	onChange: (value: number) => void;
	hint?: ReactNode;
	error?: string | undefined;
	isDisabled?: boolean;
}

/** A whole number with buttons that change it by one. */
export function StepperField(props: StepperFieldProps) {
	const { label, name, value, min, max, onChange, hint, error, isDisabled = false } = props;
	return (
		<NumberField
			value={value}
			minValue={min}
			maxValue={max}
			step={1}
			isDisabled={isDisabled}
			isInvalid={error !== undefined}
			validationBehavior="aria"
			onChange={(next) => onChange(Number.isNaN(next) ? min : next)}
			className="flex min-w-0 flex-col gap-1.5"
		>
			<Label className="text-foreground">{label}</Label>
			<NumberField.Group className="w-full max-w-44">
				<NumberField.DecrementButton />
				<NumberField.Input name={name} className="text-center tabular-nums" />
				<NumberField.IncrementButton />
			</NumberField.Group>
			{error !== undefined && <FieldMessage>{error}</FieldMessage>}
			{error === undefined && hint !== undefined && (
				<p className="text-xs text-pretty text-muted">{hint}</p>
			)}
		</NumberField>
	);
}
