"use client";

import { ChevronDown } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { classNames } from "./class-names.ts";

interface FoldProps {
	title: string;
	/** What is chosen inside, in a few words, so that people needn't open it to see. */
	summary: ReactNode;
	/** Stays open while true: something inside is at fault. */
	isForcedOpen?: boolean;
	children: ReactNode;
}

/** A part of a form that most people leave as it is. */
export function Fold({ title, summary, isForcedOpen = false, children }: FoldProps) {
	const id = useId();
	const [isOpen, setOpen] = useState(false);
	if (isForcedOpen && !isOpen) setOpen(true);
	return (
		<section className="min-w-0 rounded-xl border border-border bg-surface shadow-panel">
			<button
				type="button"
				aria-expanded={isOpen}
				aria-controls={id}
				onClick={() => setOpen((open) => !open)}
				className="flex w-full cursor-pointer items-center gap-2 px-4 py-3 text-left"
			>
				<span className="shrink-0 font-semibold">{title}</span>
				<span className="min-w-0 flex-1 truncate text-[0.8125rem] text-muted">{summary}</span>
				<ChevronDown
					aria-hidden
					className={classNames("size-4 shrink-0 text-muted", isOpen && "rotate-180")}
				/>
			</button>
			<div
				id={id}
				hidden={!isOpen}
				className={classNames(
					"flex-col gap-5 border-t border-separator px-4 py-4",
					isOpen && "flex",
				)}
			>
				{children}
			</div>
		</section>
	);
}
