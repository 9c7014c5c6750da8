"use client";

import { Header, Label, ListBox, Select } from "@heroui/react";
import type { ReactNode } from "react";

export interface Option {
	value: string;
	label: string;
	detail?: ReactNode;
	/** Can't be chosen; `detail` says why. */
	isDisabled?: boolean;
	/** Options of one group are listed together under its name. */
	group?: string;
}

interface SelectFieldProps {
	label: string;
	/** The label is for screen readers only. */
	hideLabel?: boolean;
	isOptional?: boolean;
	value: string;
	options: readonly Option[];
	/** Shown while nothing is chosen. */
	placeholder?: string;
	onChange: (value: string) => void;
	isDisabled?: boolean;
	hint?: ReactNode;
	error?: string | undefined;
	className?: string;
}

function grouped(options: readonly Option[]): [string | undefined, Option[]][] {
	const groups = new Map<string | undefined, Option[]>();
	for (const option of options) {
		groups.set(option.group, [...(groups.get(option.group) ?? []), option]);
	}
	return [...groups];
}

function item(option: Option) {
	return (
		<ListBox.Item
			key={option.value}
			id={option.value}
			textValue={option.label}
			isDisabled={option.isDisabled ?? false}
		>
			<span className="flex min-w-0 flex-col">
				<span>{option.label}</span>
				{option.detail !== undefined && (
					<span className="text-xs text-pretty text-muted">{option.detail}</span>
				)}
			</span>
			<ListBox.ItemIndicator />
		</ListBox.Item>
	);
}

/** A drop-down list with one choice. */
export function SelectField(props: SelectFieldProps) {
	const { label, hideLabel = false, value, options, onChange, className, hint, error } = props;
	return (
		<Select
			value={value}
			onChange={(key) => {
				if (typeof key === "string") onChange(key);
			}}
			// Without options it wouldn't open; perhaps they are still being loaded.
			isDisabled={(props.isDisabled ?? false) || options.length === 0}
			placeholder={props.placeholder ?? "Choose"}
			isInvalid={error !== undefined}
			validationBehavior="aria"
			className={`flex min-w-0 flex-col gap-1.5 ${className ?? ""}`}
		>
			<Label className={hideLabel ? "sr-only" : "text-foreground"}>
				{label}
				{props.isOptional === true && <span className="font-normal text-muted"> optional</span>}
			</Label>
			<Select.Trigger className="w-full">
				<Select.Value>
					{({ defaultChildren, isPlaceholder }) =>
						isPlaceholder
							? defaultChildren
							: (options.find((option) => option.value === value)?.label ?? value)
					}
				</Select.Value>
				<Select.Indicator />
			</Select.Trigger>
			{error !== undefined && <p className="text-xs text-danger-soft-foreground">{error}</p>}
			{error === undefined && hint !== undefined && (
				<p className="text-xs text-pretty text-muted">{hint}</p>
			)}
			<Select.Popover>
				<ListBox>
					{grouped(options).map(([group, own]) =>
						group === undefined ? (
							own.map(item)
						) : (
							<ListBox.Section key={group}>
								<Header className="px-2 pt-2 pb-1 text-xs font-semibold text-muted">{group}</Header>
								{own.map(item)}
							</ListBox.Section>
						),
					)}
				</ListBox>
			</Select.Popover>
		</Select>
	);
}
