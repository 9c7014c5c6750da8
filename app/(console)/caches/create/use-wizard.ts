"use client";

import { useState } from "react";
import type { Engine } from "../../../../server/contract/enums.ts";
import { useUrlParams } from "../../../_lib/use-url-params.ts";
import { EMPTY_DRAFT, type PurposeId } from "./draft.ts";
import { applyPurpose, readStart, withEngine } from "./purposes.ts";
import { type CreateForm, useCreateForm } from "./use-create-form.ts";

export type WizardMode = "easy" | "custom";

/** The form and its address: `?mode=custom&engine=redis&purpose=leaderboard`, which links and the search lead to. */
export function useWizard() {
	const { params, change } = useUrlParams();
	const mode: WizardMode = params.get("mode") === "custom" ? "custom" : "easy";
	const engine = params.get("engine");
	const purpose = params.get("purpose");
	const address = `${engine ?? ""} ${purpose ?? ""}`;
	const form: CreateForm = useCreateForm(
		() => applyPurpose(EMPTY_DRAFT, readStart(engine, purpose)),
		address,
	);

	// The search can lead here while the form is open: the form takes the new start and keeps what was typed.
	const [seenAddress, setSeenAddress] = useState(address);
	if (seenAddress !== address) {
		setSeenAddress(address);
		const start = readStart(engine, purpose);
		const isOwn = start.engine === form.draft.engine && start.purpose === form.draft.purpose;
		if (!isOwn && (engine !== null || (purpose !== null && form.draft.purpose !== ""))) {
			form.update((draft) => applyPurpose(draft, start));
		}
	}

	return {
		mode,
		form,
		setMode: (next: WizardMode) => change({ mode: next === "custom" ? next : null }),
		choosePurpose: (next: PurposeId | "") => {
			if (next === "") {
				form.set("purpose", "");
				change({ purpose: null, engine: null });
				return;
			}
			const start = readStart(null, next);
			form.update((draft) => applyPurpose(draft, start));
			change({ purpose: next, engine: start.engine });
		},
		chooseEngine: (next: Engine) => {
			form.update((draft) => {
				const isOther = (draft.engine === "memcached") !== (next === "memcached");
				return withEngine(isOther ? { ...draft, purpose: "" } : draft, next);
			});
		},
	};
}

export type Wizard = ReturnType<typeof useWizard>;
