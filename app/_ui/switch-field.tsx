"use client";

import { Switch } from "@heroui/react";
import { type ReactNode, useId } from "react";

interface SwitchFieldProps {
	label: string;
	name: string;
	isOn: boolean;
	onChange: (isOn: boolean) => void;
	/** What it does, or why it can't be changed. */
	hint?: ReactNode;
	isDisabled?: boolean;
}

/** On or off, with what that means beneath. */
export function SwitchField(props: SwitchFieldProps) {
	const { label, name, isOn, onChange, hint, isDisabled = false } = props;
	const hintId = useId();
	return (
		<div className="flex min-w-0 flex-col gap-1">
			<Switch
				name={name}
				isSelected={isOn}
				isDisabled={isDisabled}
				onChange={onChange}
				{...(hint === undefined ? {} : { "aria-describedby": hintId })}
			>
				<Switch.Content>
					<Switch.Control>
						<Switch.Thumb />
					</Switch.Control>
					{label}
				</Switch.Content>
			</Switch>
			{hint !== undefined && (
				<p id={hintId} className="pl-13 text-xs text-pretty text-muted">
					{hint}
				</p>
			)}
		</div>
	);
}
