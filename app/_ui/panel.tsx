import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";

interface PanelProps {
	title?: ReactNode;
	/** To the right of the title. */
	aside?: ReactNode;
	/** Without padding, for tables. */
	flush?: boolean;
	className?: string;
	children: ReactNode;
}

/** A quiet box for one subject. */
export function Panel({ title, aside, flush = false, className, children }: PanelProps) {
	return (
		<section
			className={classNames(
				"min-w-0 rounded-xl border border-border bg-surface shadow-panel",
				className,
			)}
		>
			{title !== undefined && (
				<header className="flex min-h-8 flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 pt-3">
					<h2 className="text-[0.9375rem] font-semibold">{title}</h2>
					{aside !== undefined && <div className="text-[0.8125rem] text-muted">{aside}</div>}
				</header>
			)}
			<div className={flush ? "" : "px-4 pt-3 pb-4"}>{children}</div>
		</section>
	);
}
