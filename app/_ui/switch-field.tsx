"use client";

import { Switch } from "@heroui/react";
import { type ReactNode, useId } from "react";
import { FieldMessage } from "./form-fields.tsx";

interface SwitchFieldProps {
	label: string;
	name: string;
	isOn: boolean;
	onChange: (isOn: boolean) => void;
	/** What it does, or why it can't be changed. */
	hint?: ReactNode;
	/** The problem with the current choice. */
	error?: string | undefined;
	isDisabled?: boolean;
}

/** On or off, with what that means beneath. */
export function SwitchField(props: SwitchFieldProps) {
	const { label, name, isOn, onChange, hint, error, isDisabled = false } = props;
	const hintId = useId();
	const errorId = useId();
	const describedBy = [hint !== undefined && hintId, error !== undefined && errorId].filter(
		Boolean,
	);
	return (
		<div className="flex min-w-0 flex-col gap-1">
			<Switch
				name={name}
				isSelected={isOn}
				isDisabled={isDisabled}
				onChange={onChange}
				{...(describedBy.length === 0 ? {} : { "aria-describedby": describedBy.join(" ") })}
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
			{error !== undefined && <FieldMessage id={errorId}>{error}</FieldMessage>}
		</div>
	);
}
