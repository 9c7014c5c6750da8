"use client";

import { toast } from "@heroui/react";
import { useState } from "react";
import type { Cache } from "../../../../../server/contract/cache-view.ts";
import { modifyCacheInputSchema } from "../../../../../server/contract/modify-cache.ts";
import { toApiProblem } from "../../../../_lib/api-problem.ts";
import { asSentence, firstIssues } from "../../../../_lib/form-issues.ts";
import { FormDialog } from "../../../../_ui/form-dialog.tsx";
import { ProblemBanner } from "../../../../_ui/notices.tsx";
import { DailyFields } from "../../daily-fields.tsx";
import { daysOf } from "../../daily-snapshots.ts";
import { useModify } from "../use-modify.ts";

const FIELDS = ["snapshotRetentionDays", "snapshotWindow"];
/** What is offered where there have been no daily snapshots. */
const USUAL_DAYS = "7";

/** Turns daily snapshots on or off, and says when they are taken and how long they are kept. Mounted while it is open. */
export function DailyDialog({ cache, onClose }: { cache: Cache; onClose: () => void }) {
	const { snapshotRetentionDays } = cache;
	const [retentionDays, setDays] = useState(
		snapshotRetentionDays === 0 ? USUAL_DAYS : String(snapshotRetentionDays),
	);
	const [snapshotWindow, setWindow] = useState(cache.snapshotWindow);
	const modify = useModify(cache.name, () => {
		toast.success(`Daily snapshots of ${cache.name} were changed`);
		onClose();
	});
	const changes = {
		snapshotRetentionDays: daysOf(retentionDays),
		snapshotWindow: snapshotWindow.trim(),
	};
	const { error } = modifyCacheInputSchema.safeParse({ name: cache.name, ...changes });
	const issues = firstIssues(error);
	const problem = modify.isError ? toApiProblem(modify.error) : null;
	const errorOf = (field: string) =>
		issues.get(field) ?? (problem?.field === field ? asSentence(problem.message) : undefined);
	return (
		<FormDialog
			onClose={onClose}
			title={`Daily snapshots of ${cache.name}`}
			action="Save"
			isDisabled={error !== undefined}
			isPending={modify.isPending}
			onSubmit={() => modify.mutate(changes)}
		>
			{problem !== null && !FIELDS.includes(problem.field ?? "") && (
				<ProblemBanner title="Daily snapshots weren't changed" error={modify.error} />
			)}
			<DailyFields
				days={retentionDays}
				onDays={setDays}
				window={snapshotWindow}
				onWindow={setWindow}
				errorOf={errorOf}
			/>
			{snapshotRetentionDays > 0 && (
				<p className="text-[0.8125rem] text-muted">
					Daily snapshots that exist are then kept that long, too. If you turn daily snapshots off,
					those that exist stay until they expire.
				</p>
			)}
		</FormDialog>
	);
}
