import type { ReactNode } from "react";

/** Labels with their values, in as many columns as fit. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
	return (
		<dl className="grid gap-x-6 gap-y-2.5 sm:grid-cols-2 lg:grid-cols-3">
			{facts.map(([label, value]) => (
				<div key={label} className="min-w-0">
					<dt className="text-[0.8125rem] text-muted">{label}</dt>
					<dd className="break-words">{value}</dd>
				</div>
			))}
		</dl>
	);
}
