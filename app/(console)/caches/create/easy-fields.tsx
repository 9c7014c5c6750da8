"use client";

import { Sparkles } from "lucide-react";
import { ChoiceCard } from "../../../_ui/choice-card.tsx";
import { describeChoice } from "./describe-choice.ts";
import { FieldGroup } from "./field-group.tsx";
import { NameField } from "./name-fields.tsx";
import { PURPOSE_LIST, purposeOf } from "./purposes.ts";
import type { Wizard } from "./use-wizard.ts";

/** The cache's name and purpose; the rest follows from the purpose. */
export function EasyFields({ wizard }: { wizard: Wizard }) {
	const { form, choosePurpose, setMode } = wizard;
	const { draft, fleet } = form;
	const purpose = purposeOf(draft.purpose);
	return (
		<>
			<NameField wizard={wizard} className="sm:max-w-[calc(50%-0.375rem)]" />
			<FieldGroup legend="Purpose">
				<div className="grid gap-3 sm:grid-cols-2">
					{PURPOSE_LIST.map(({ id, label, hint }) => (
						<ChoiceCard
							key={id}
							name="purpose"
							value={id}
							isChosen={draft.purpose === id}
							onChoose={() => choosePurpose(id)}
							title={label}
						>
							{hint}
						</ChoiceCard>
					))}
				</div>
			</FieldGroup>
			<section
				aria-label="What this chooses"
				className="flex items-start gap-3 rounded-xl border border-border bg-surface px-4 py-3.5 shadow-panel"
			>
				<Sparkles aria-hidden className="mt-0.5 size-4 shrink-0 text-accent" />
				<div className="min-w-0">
					<p className="font-medium text-pretty">{describeChoice(draft, fleet)}</p>
					{purpose !== null && (
						<p className="mt-0.5 text-[0.8125rem] text-pretty text-muted">{purpose.why}</p>
					)}
					{purpose?.examples.map((example, index) => (
						<p key={example} className="mt-0.5 text-[0.8125rem] text-pretty text-muted">
							{index === 0 ? "An application that uses it runs" : "Another one runs"} with{" "}
							<code className="font-mono">npm start -w examples/{example}</code> in Larder's
							checkout.
						</p>
					))}
					<button
						type="button"
						onClick={() => setMode("custom")}
						className="mt-1.5 cursor-pointer text-[0.8125rem] font-medium text-accent-soft-foreground underline-offset-2 hover:underline"
					>
						Change any of these in Custom mode
					</button>
				</div>
			</section>
		</>
	);
}
