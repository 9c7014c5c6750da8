"use client";

import { ChoiceCard } from "../../../_ui/choice-card.tsx";
import { Fold } from "../../../_ui/fold.tsx";
import { FieldGroup } from "./field-group.tsx";
import type { CreateForm } from "./use-create-form.ts";

export function SecurityFold({ form }: { form: CreateForm }) {
	const { engine, auth } = form.draft;
	const isMemcached = engine === "memcached";
	const shown = isMemcached ? "none" : auth;
	return (
		<Fold
			title="Security"
			summary={
				isMemcached
					? "no password: Memcached doesn't support one"
					: auth === "password"
						? "password generated"
						: "without a password"
			}
			isForcedOpen={form.errorOf("auth") !== undefined}
		>
			<FieldGroup
				legend="Authentication"
				{...(isMemcached
					? {
							hint: "Memcached doesn't support passwords. Let only trusted networks reach its hosts.",
						}
					: {})}
			>
				<div className="grid gap-3 sm:grid-cols-2">
					<ChoiceCard
						name="auth"
						value="password"
						isChosen={shown === "password"}
						isDisabled={isMemcached}
						onChoose={() => form.set("auth", "password")}
						title="Password"
					>
						{isMemcached
							? "Memcached doesn't support passwords."
							: "Larder generates it; you can reveal it on the cache's Connect tab."}
					</ChoiceCard>
					<ChoiceCard
						name="auth"
						value="none"
						isChosen={shown === "none"}
						onChoose={() => !isMemcached && form.set("auth", "none")}
						title="None"
					>
						Any client that reaches the port can read and write.
					</ChoiceCard>
				</div>
			</FieldGroup>
		</Fold>
	);
}
