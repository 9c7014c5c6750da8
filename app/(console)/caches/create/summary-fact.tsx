import type { ReactNode } from "react";

/** A line of the summary. */
export function Fact({ label, children }: { label: string; children: ReactNode }) {
	return (
		<div className="flex items-baseline justify-between gap-4">
			<dt className="shrink-0 text-muted">{label}</dt>
			<dd className="min-w-0 text-right tabular-nums">{children}</dd>
		</div>
	);
}
