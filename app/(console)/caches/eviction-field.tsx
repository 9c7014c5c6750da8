"use client";

import { EVICTION_POLICIES } from "../../../server/contract/choices.ts";
import type { EvictionPolicy, Protocol } from "../../../server/contract/enums.ts";
import { oneOf } from "../../_lib/one-of.ts";
import { SelectField } from "../../_ui/select-field.tsx";
import { EVICTION_HINTS } from "./serverless-words.ts";

interface EvictionFieldProps {
	value: EvictionPolicy;
	protocol: Protocol;
	onChange(policy: EvictionPolicy): void;
	error: string | undefined;
}

const OPTIONS = EVICTION_POLICIES.map((policy) => ({
	value: policy,
	label: policy,
	detail: EVICTION_HINTS[policy],
}));

/** What a serverless cache does once it is full. */
export function EvictionField({ value, protocol, onChange, error }: EvictionFieldProps) {
	const forQueues =
		value === "noeviction" && protocol === "cluster"
			? " Most of them need the standard protocol."
			: "";
	return (
		<SelectField
			label="When it is full"
			value={value}
			options={OPTIONS}
			onChange={(next) => onChange(oneOf(EVICTION_POLICIES, next) ?? value)}
			error={error}
			hint={`${EVICTION_HINTS[value]}${forQueues}`}
		/>
	);
}
