"use client";

import { useId } from "react";
import { classNames } from "./class-names.ts";

interface SegmentedProps<Value extends string> {
	/** Names the choice for screen readers. */
	label: string;
	value: Value;
	options: readonly { value: Value; label: string }[];
	onChange: (value: Value) => void;
	isDisabled?: boolean;
}

/** A few choices side by side; arrow keys move between them, as in any radio group. */
export function Segmented<Value extends string>(props: SegmentedProps<Value>) {
	const { label, value, options, onChange, isDisabled = false } = props;
	const group = useId();
	return (
		<fieldset className="inline-flex w-fit max-w-full flex-wrap rounded-lg border border-border bg-surface p-0.5">
			<legend className="sr-only">{label}</legend>
			{options.map((option) => (
				<label
					key={option.value}
					className={classNames(
						"relative rounded-md px-2.5 py-1 text-[0.8125rem] font-medium whitespace-nowrap has-focus-visible:outline-2 has-focus-visible:outline-focus",
						isDisabled ? "cursor-not-allowed" : "cursor-pointer",
						option.value === value
							? isDisabled
								? "bg-default text-muted"
								: "bg-accent-soft text-accent-soft-foreground"
							: isDisabled
								? "text-muted"
								: "text-muted hover:text-foreground",
					)}
				>
					<input
						type="radio"
						name={group}
						value={option.value}
						checked={option.value === value}
						disabled={isDisabled}
						onChange={() => onChange(option.value)}
						className="sr-only"
					/>
					{option.label}
				</label>
			))}
		</fieldset>
	);
}
