"use client";

import { ChoiceCard } from "../../../_ui/choice-card.tsx";
import { KINDS } from "../serverless-words.ts";
import { FieldGroup } from "./field-group.tsx";
import type { Wizard } from "./use-wizard.ts";

const CHOICES = ["serverless", "provisioned"] as const;

/** The first question: does Larder size the cache, or do you? */
export function KindChoice({ wizard }: { wizard: Wizard }) {
	return (
		<FieldGroup legend="How it is sized">
			<div className="grid gap-3 sm:grid-cols-2">
				{CHOICES.map((kind) => (
					<ChoiceCard
						key={kind}
						name="kind"
						value={kind}
						isChosen={wizard.form.draft.kind === kind}
						onChoose={() => wizard.chooseKind(kind)}
						title={KINDS[kind].label}
					>
						{KINDS[kind].hint}
					</ChoiceCard>
				))}
			</div>
		</FieldGroup>
	);
}
