"use client";

import { Segmented } from "../../../_ui/segmented.tsx";
import type { ModifyDraft } from "./modify/modification.ts";

interface WhenFieldProps {
	value: ModifyDraft["apply"];
	onChange: (value: ModifyDraft["apply"]) => void;
}

/** Whether nodes change at once or in the cache's maintenance window. */
export function WhenField({ value, onChange }: WhenFieldProps) {
	return (
		<div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
			<span className="font-medium">Change nodes</span>
			<Segmented
				label="When nodes change"
				value={value}
				options={[
					{ value: "now", label: "Now" },
					{ value: "window", label: "In the maintenance window" },
				]}
				onChange={onChange}
			/>
		</div>
	);
}
