"use client";

import { useId } from "react";
import type { Cache } from "../../../server/contract/cache-view.ts";
import { PERSISTENCE_DISK_SHARE, PERSISTENCES } from "../../../server/contract/choices.ts";
import { ChoiceCard } from "../../_ui/choice-card.tsx";
import { FieldMessage } from "../../_ui/form-fields.tsx";
import { PERSISTENCE_WORDS } from "./persistence-words.ts";

interface PersistenceFieldProps {
	value: Cache["persistence"];
	onChange: (value: Cache["persistence"]) => void;
	/** Why it can't be chosen; null if it can. */
	obstacle: string | null;
	error?: string | undefined;
	/** The legend is for screen readers only, because a heading above says the same. */
	hideLegend?: boolean;
}

/** Whether nodes write changes to disk: what that protects from, and what it costs. */
export function PersistenceField(props: PersistenceFieldProps) {
	const { value, onChange, obstacle, error, hideLegend = false } = props;
	const id = useId();
	const shown = obstacle === null ? value : "none";
	return (
		<fieldset aria-describedby={id} className="flex min-w-0 flex-col gap-2">
			<legend className={hideLegend ? "sr-only" : "mb-1.5 font-medium"}>Persistence</legend>
			<div className="grid gap-3 sm:grid-cols-[repeat(auto-fit,minmax(11rem,1fr))]">
				{PERSISTENCES.map((choice) => {
					const { label, protects, costs } = PERSISTENCE_WORDS[choice];
					return (
						<ChoiceCard
							key={choice}
							name="persistence"
							value={choice}
							isChosen={shown === choice}
							isDisabled={obstacle !== null && choice !== "none"}
							onChoose={() => onChange(choice)}
							title={label}
						>
							{protects} <span className="mt-1 block">{costs}</span>
						</ChoiceCard>
					);
				})}
			</div>
			{error !== undefined && <FieldMessage>{error}</FieldMessage>}
			<p id={id} className="text-xs text-pretty text-muted">
				{obstacle ??
					`Nodes write every change to their host's disk and load it when they start again. A node that is full of data needs up to ${PERSISTENCE_DISK_SHARE} times its memory for data there. You can change this at any time; nothing restarts.`}
			</p>
		</fieldset>
	);
}
