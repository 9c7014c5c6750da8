"use client";

import { Label, ListBox, Select } from "@heroui/react";
import type { ReactNode } from "react";

export interface Option {
	value: string;
	label: string;
	detail?: ReactNode;
}

interface SelectFieldProps {
	label: string;
	/** The label is for screen readers only. */
	hideLabel?: boolean;
	value: string;
	options: readonly Option[];
	onChange: (value: string) => void;
	isDisabled?: boolean;
	className?: string;
}

/** One choice out of a list that opens. */
export function SelectField(props: SelectFieldProps) {
	const { label, hideLabel = false, value, options, onChange, className } = props;
	return (
		<Select
			value={value}
			onChange={(key) => {
				if (typeof key === "string") onChange(key);
			}}
			isDisabled={props.isDisabled ?? false}
			className={`flex min-w-0 flex-col gap-1.5 ${className ?? ""}`}
		>
			<Label className={hideLabel ? "sr-only" : ""}>{label}</Label>
			<Select.Trigger className="w-full">
				<Select.Value />
				<Select.Indicator />
			</Select.Trigger>
			<Select.Popover>
				<ListBox>
					{options.map((option) => (
						<ListBox.Item key={option.value} id={option.value} textValue={option.label}>
							<span className="flex min-w-0 flex-col">
								<span>{option.label}</span>
								{option.detail !== undefined && (
									<span className="text-xs text-muted">{option.detail}</span>
								)}
							</span>
							<ListBox.ItemIndicator />
						</ListBox.Item>
					))}
				</ListBox>
			</Select.Popover>
		</Select>
	);
}
