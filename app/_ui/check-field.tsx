"use client";

import { Checkbox } from "@heroui/react";

interface CheckFieldProps {
	label: string;
	/** The label is for screen readers only. */
	hideLabel?: boolean;
	isChecked: boolean;
	isIndeterminate?: boolean;
	isDisabled?: boolean;
	onChange: (isChecked: boolean) => void;
}

export function CheckField(props: CheckFieldProps) {
	const { label, hideLabel = false, isChecked, onChange } = props;
	return (
		<Checkbox
			isSelected={isChecked}
			isIndeterminate={props.isIndeterminate ?? false}
			isDisabled={props.isDisabled ?? false}
			onChange={onChange}
			{...(hideLabel ? { "aria-label": label } : {})}
		>
			<Checkbox.Content>
				<Checkbox.Control>
					<Checkbox.Indicator />
				</Checkbox.Control>
				{!hideLabel && label}
			</Checkbox.Content>
		</Checkbox>
	);
}
