"use client";

import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";

interface ChoiceCardProps {
	/** Names the radio group. */
	name: string;
	value: string;
	isChosen: boolean;
	onChoose: () => void;
	title: ReactNode;
	/** Not available; the card's text says why. */
	isDisabled?: boolean;
	children?: ReactNode;
}

/** A radio button with room for what the choice means. */
export function ChoiceCard(props: ChoiceCardProps) {
	const { name, value, isChosen, onChoose, title, isDisabled = false, children } = props;
	return (
		<label
			className={classNames(
				"relative flex min-w-0 flex-col gap-0.5 rounded-xl border bg-surface px-3.5 py-3 has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-focus",
				isDisabled ? "cursor-not-allowed bg-surface-secondary text-muted" : "cursor-pointer",
				isChosen
					? "border-accent shadow-[inset_0_0_0_1px_var(--accent)]"
					: isDisabled
						? "border-border"
						: "border-border hover:border-muted/60",
			)}
		>
			<input
				type="radio"
				name={name}
				value={value}
				checked={isChosen}
				disabled={isDisabled}
				onChange={onChoose}
				className="sr-only"
			/>
			<span className="font-semibold">{title}</span>
			{children !== undefined && (
				<span className="text-[0.8125rem] text-pretty text-muted">{children}</span>
			)}
		</label>
	);
}
