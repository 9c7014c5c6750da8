"use client";

import { toast } from "@heroui/react";
import { useState } from "react";
import { modifyCacheInputSchema } from "../../../../../server/contract/modify-cache.ts";
import type { ScaleToZeroInput } from "../../../../../server/contract/serverless.ts";
import { toApiProblem } from "../../../../_lib/api-problem.ts";
import { asSentence, issuesByPath } from "../../../../_lib/form-issues.ts";
import { FormDialog } from "../../../../_ui/form-dialog.tsx";
import { ProblemBanner } from "../../../../_ui/notices.tsx";
import { LimitFields } from "../../limit-fields.tsx";
import {
	LIMIT_FIELDS,
	type LimitField,
	type LimitsDraft,
	limitChanges,
	numberOf,
	toLimitsDraft,
} from "../../limits-draft.ts";
import { SleepField } from "../../sleep-field.tsx";
import { DifferenceList } from "../modify/difference-list.tsx";
import type { Difference } from "../modify/modification.ts";
import { useModify } from "../use-modify.ts";
import { limitConflict, limitDifferences } from "./limit-differences.ts";
import type { ServerlessCache } from "./serverless-cache.ts";

interface LimitsDialogProps {
	cache: ServerlessCache;
	onClose: () => void;
}

/** Changes the limits while the cache serves, and says first what that does. Mounted while it is open. */
export function LimitsDialog({ cache: present, onClose }: LimitsDialogProps) {
	// The request has only the limits that were changed here, even if others change meanwhile.
	const [start] = useState(present.limits);
	const cache = { ...present, limits: start };
	const [draft, setDraft] = useState<LimitsDraft>(() => toLimitsDraft(start));
	const modify = useModify(cache.name, () => {
		toast.success(`The limits of ${cache.name} were changed`);
		onClose();
	});
	const [minutes, setMinutes] = useState(() => String(present.scaleToZero?.afterMinutes ?? ""));
	const [asleepAfter] = useState(present.scaleToZero?.afterMinutes ?? 0);
	const limits = limitChanges(cache.limits, draft);
	const scaleToZero =
		numberOf(minutes) === asleepAfter ? undefined : { afterMinutes: numberOf(minutes) };
	const sleepProblem = sleepProblemOf(cache.name, scaleToZero);
	const problems = problemsOf(cache, draft);
	const refusal = modify.isError ? toApiProblem(modify.error) : null;
	const refused = refusal?.field == null ? undefined : LIMIT_FIELDS[refusal.field];
	const errorOf = (field: LimitField) =>
		problems.get(field) ??
		(refusal !== null && refused === field ? asSentence(refusal.message) : undefined);
	return (
		<FormDialog
			onClose={onClose}
			title={`Modify limits of ${cache.name}`}
			size="lg"
			action="Apply limits"
			isDisabled={
				(limits === undefined && scaleToZero === undefined) ||
				problems.size > 0 ||
				sleepProblem !== undefined
			}
			isPending={modify.isPending}
			onSubmit={() => {
				modify.mutate({ ...(limits && { limits }), ...(scaleToZero && { scaleToZero }) });
			}}
		>
			{refusal !== null && refused === undefined && (
				<ProblemBanner title="The limits weren't changed" error={modify.error} />
			)}
			<LimitFields
				draft={draft}
				set={(field, value) => setDraft((old) => ({ ...old, [field]: value }))}
				errorOf={errorOf}
				autoFocus="storageMax"
			/>
			{cache.protocol !== null && (
				<SleepField value={minutes} onChange={setMinutes} error={sleepProblem} />
			)}
			<div className="rounded-xl border border-border bg-well px-3.5 py-3">
				<h3 className="mb-1.5 text-[0.8125rem] font-semibold">What changes</h3>
				<DifferenceList
					list={[
						...limitDifferences(cache, { ...draft, ...presentAt(cache, problems) }),
						...(sleepProblem === undefined ? sleepDifference(asleepAfter, scaleToZero) : []),
					]}
				/>
			</div>
		</FormDialog>
	);
}

/** The limits in force in place of those at fault, so that these aren't among the changes. */
function presentAt(
	{ limits }: ServerlessCache,
	problems: ReadonlyMap<LimitField, string>,
): Partial<LimitsDraft> {
	const present = toLimitsDraft(limits);
	return Object.fromEntries([...problems.keys()].map((field) => [field, present[field]]));
}

function sleepDifference(before: number, scaleToZero: ScaleToZeroInput | undefined): Difference[] {
	if (scaleToZero === undefined) return [];
	const words = (minutes: number) => (minutes === 0 ? "never" : `after ${minutes} min`);
	const [from, to] = [words(before), words(scaleToZero.afterMinutes)];
	return [{ field: "Scale to zero", from, to, effect: "at once; nothing restarts" }];
}

/** What the API would refuse. */
function sleepProblemOf(name: string, scaleToZero: ScaleToZeroInput | undefined) {
	if (scaleToZero === undefined) return undefined;
	const { error } = modifyCacheInputSchema.safeParse({ name, scaleToZero });
	return issuesByPath(error).get("scaleToZero.afterMinutes");
}

/** By field: what the API would refuse. */
function problemsOf(cache: ServerlessCache, draft: LimitsDraft): Map<LimitField, string> {
	const problems = new Map<LimitField, string>();
	const limits = limitChanges(cache.limits, draft);
	if (limits === undefined) return problems;
	const { error } = modifyCacheInputSchema.safeParse({ name: cache.name, limits });
	for (const [path, message] of issuesByPath(error)) {
		const field = LIMIT_FIELDS[path];
		if (field !== undefined && !problems.has(field)) problems.set(field, message);
	}
	const conflict = problems.size === 0 ? limitConflict(cache, draft) : null;
	if (conflict !== null) problems.set(conflict.field, asSentence(conflict.message));
	return problems;
}
