"use client";

import { plural } from "../../../_lib/format/count.ts";
import { Fold } from "../../../_ui/fold.tsx";
import { DailyFields } from "../daily-fields.tsx";
import { daysOf } from "../daily-snapshots.ts";
import { errorSentence } from "./bind.ts";
import { anyError } from "./common-fields.tsx";
import type { CreateForm } from "./use-create-form.ts";

const FIELDS = {
	snapshotRetentionDays: "retentionDays",
	snapshotWindow: "snapshotWindow",
} as const;

/** Whether Larder takes snapshots of the cache by itself. */
export function BackupsFold({ form }: { form: CreateForm }) {
	const { draft, set, visit } = form;
	const days = daysOf(draft.retentionDays);
	return (
		<Fold
			title="Backups"
			summary={days > 0 ? `daily, kept for ${plural(days, "day")}` : "no daily snapshots"}
			isForcedOpen={anyError(form, Object.values(FIELDS))}
		>
			<DailyFields
				days={draft.retentionDays}
				onDays={(text) => set("retentionDays", text)}
				window={draft.snapshotWindow}
				onWindow={(text) => set("snapshotWindow", text)}
				onBlur={visit}
				errorOf={(field) => errorSentence(form, FIELDS[field])}
			/>
		</Fold>
	);
}
