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
	children?: ReactNode;
}

/** A radio button with room for what the choice means. */
export function ChoiceCard({ name, value, isChosen, onChoose, title, children }: ChoiceCardProps) {
	return (
		<label
			className={classNames(
				"flex min-w-0 cursor-pointer flex-col gap-0.5 rounded-xl border bg-surface px-3.5 py-3 has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-focus",
				isChosen
					? "border-accent shadow-[inset_0_0_0_1px_var(--accent)]"
					: "border-border hover:border-muted/60",
			)}
		>
			<input
				type="radio"
				name={name}
				value={value}
				checked={isChosen}
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
