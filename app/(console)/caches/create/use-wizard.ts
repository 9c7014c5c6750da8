"use client";

import { useState } from "react";
import { CACHE_KINDS } from "../../../../server/contract/choices.ts";
import type { CacheKind, Engine } from "../../../../server/contract/enums.ts";
import type { Snapshot } from "../../../../server/contract/snapshot.ts";
import { oneOf } from "../../../_lib/one-of.ts";
import { useUrlParams } from "../../../_lib/use-url-params.ts";
import { EMPTY_DRAFT, type PurposeId } from "./draft.ts";
import { applyPurpose, readStart, withEngine, withKind } from "./purposes.ts";
import { restoreDraft } from "./restore-draft.ts";
import { type CreateForm, useCreateForm } from "./use-create-form.ts";

export type WizardMode = "easy" | "custom";

/**
 * The form and its address, such as `?mode=custom&engine=redis&purpose=leaderboard` or `?kind=serverless`, which links and
 * the search lead to. `origin` is the snapshot that the cache begins with; null for an empty cache.
 */
export function useWizard(origin: Snapshot | null) {
	const { params, change } = useUrlParams();
	const mode: WizardMode = origin !== null || params.get("mode") === "custom" ? "custom" : "easy";
	const engine = params.get("engine");
	const purpose = params.get("purpose");
	const usualKind = origin?.cacheKind ?? "provisioned";
	const kind = oneOf(CACHE_KINDS, params.get("kind")) ?? usualKind;
	const address = `${engine ?? ""} ${purpose ?? ""} ${kind}${origin === null ? "" : ` ${origin.name}`}`;
	const form: CreateForm = useCreateForm(
		() =>
			withKind(
				origin === null
					? applyPurpose(EMPTY_DRAFT, readStart(engine, purpose))
					: restoreDraft(origin),
				kind,
			),
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
		if (form.draft.kind !== kind) form.update((draft) => withKind(draft, kind));
	}

	// Whoever has just chosen a kind or a mode keeps the focus there.
	const [isArriving, setArriving] = useState(true);

	return {
		mode,
		form,
		origin,
		/** The name takes the focus. */
		isArriving,
		setMode: (next: WizardMode) => {
			setArriving(false);
			change({ mode: next === "custom" ? next : null });
		},
		chooseKind: (next: CacheKind) => {
			setArriving(false);
			form.update((draft) => withKind(draft, next));
			change({ kind: next === usualKind ? null : next });
		},
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
