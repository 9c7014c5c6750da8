"use client";

import { Fold } from "../../../_ui/fold.tsx";
import { PersistenceField } from "../persistence-field.tsx";
import { PERSISTENCE_WORDS, persistenceObstacle } from "../persistence-words.ts";
import { errorSentence } from "./bind.ts";
import type { CreateForm } from "./use-create-form.ts";

/** Whether the cache's data survives the end of its nodes. */
export function PersistenceFold({ form }: { form: CreateForm }) {
	const { draft, set } = form;
	const obstacle = persistenceObstacle(draft);
	return (
		<Fold
			title="Persistence"
			summary={obstacle === null ? PERSISTENCE_WORDS[draft.persistence].short : "not available"}
			isForcedOpen={form.errorOf("persistence") !== undefined}
		>
			<PersistenceField
				value={draft.persistence}
				onChange={(persistence) => set("persistence", persistence)}
				obstacle={obstacle}
				error={errorSentence(form, "persistence")}
				hideLegend
			/>
		</Fold>
	);
}
