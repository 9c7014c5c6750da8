import type { ReactNode } from "react";

interface FieldGroupProps {
	legend: string;
	hint?: ReactNode;
	isOptional?: boolean;
	children: ReactNode;
}

/** Choices that belong together, under one label. */
export function FieldGroup({ legend, hint, isOptional = false, children }: FieldGroupProps) {
	return (
		<fieldset className="min-w-0">
			<legend className="text-sm font-medium">
				{legend}
				{isOptional && <span className="font-normal text-muted"> optional</span>}
			</legend>
			<div className="mt-1.5">{children}</div>
			{hint !== undefined && <p className="mt-1.5 text-xs text-muted">{hint}</p>}
		</fieldset>
	);
}
