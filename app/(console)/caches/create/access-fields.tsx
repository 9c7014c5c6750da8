"use client";

import { CLIENT_PORT_RANGE } from "../../../../server/contract/limits.ts";
import { ChoiceCard } from "../../../_ui/choice-card.tsx";
import { FormTextField } from "../../../_ui/form-fields.tsx";
import { bind } from "./engine-fields.tsx";
import { FieldGroup } from "./field-group.tsx";
import type { CreateForm } from "./use-create-form.ts";

export function AccessFields({ form }: { form: CreateForm }) {
	const { auth } = form.draft;
	return (
		<>
			<FieldGroup legend="Authentication">
				<div className="grid gap-3 sm:grid-cols-2">
					<ChoiceCard
						name="auth"
						value="password"
						isChosen={auth === "password"}
						onChoose={() => form.set("auth", "password")}
						title="Password"
					>
						Made for this cache; you can reveal it on its Connect tab.
					</ChoiceCard>
					<ChoiceCard
						name="auth"
						value="none"
						isChosen={auth === "none"}
						onChoose={() => form.set("auth", "none")}
						title="None"
					>
						Whoever reaches the port can read and write.
					</ChoiceCard>
				</div>
			</FieldGroup>
			<FormTextField
				label="Port"
				isOptional
				{...bind(form, "port")}
				inputMode="numeric"
				autoComplete="off"
				placeholder="automatic"
				hint={`The lowest free one from ${CLIENT_PORT_RANGE.first} up when left empty.`}
				className="sm:max-w-[calc(50%-0.5rem)]"
			/>
		</>
	);
}
