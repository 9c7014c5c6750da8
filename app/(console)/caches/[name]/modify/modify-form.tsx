"use client";

import { Button, toast } from "@heroui/react";
import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type SubmitEvent, useMemo, useState } from "react";
import type { Cache } from "../../../../../server/contract/cache-view.ts";
import {
	type ModifyCacheInput,
	modifyCacheInputSchema,
} from "../../../../../server/contract/modify-cache.ts";
import { toApiProblem } from "../../../../_lib/api-problem.ts";
import { asSentence, firstIssues } from "../../../../_lib/form-issues.ts";
import { useTRPC } from "../../../../_lib/trpc.ts";
import { ButtonLink } from "../../../../_ui/button-link.tsx";
import { CheckField } from "../../../../_ui/check-field.tsx";
import { Banner, ProblemBanner } from "../../../../_ui/notices.tsx";
import { Panel } from "../../../../_ui/panel.tsx";
import { tagProblem } from "../../tags.ts";
import { ChangeFacts, PREVIEW_OPTIONS } from "../shape-preview.tsx";
import { useModify } from "../use-modify.ts";
import { WhenField } from "../when-field.tsx";
import { DifferenceList } from "./difference-list.tsx";
import {
	differences,
	engineOf,
	type ModifyDraft,
	shapeChanges,
	shapeRefusals,
	toModifyDraft,
} from "./modification.ts";
import { ModifyFields } from "./modify-fields.tsx";
import { TopologyComparison } from "./topology-comparison.tsx";

const BESIDE_TOPOLOGY =
	"lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)] min-[88rem]:grid-cols-[19rem_minmax(0,1fr)]";
/** A serverless cache has no topology to show, so its fields get the room. */
const BESIDE_DIFFERENCE = "lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]";

/** Changes what can change while the cache runs, and shows the difference before it is sent. */
export function ModifyForm({ cache }: { cache: Cache }) {
	// The form follows the cache until the first change. From then on, the request has only the fields that were changed
	// here, whatever else happens to the cache meanwhile.
	const untouched = useMemo(() => ({ before: cache, draft: toModifyDraft(cache) }), [cache]);
	const [edited, setEdited] = useState<typeof untouched | null>(null);
	const { before, draft } = edited ?? untouched;
	const [isAccepted, setAccepted] = useState(false);
	const router = useRouter();
	const home = `/caches/${encodeURIComponent(cache.name)}`;
	const { changes, list } = differences(before, draft);
	const shape = shapeChanges(changes);
	const modify = useModify(cache.name, () => {
		const isChanging = shape !== null && changes.apply !== "window";
		const done = `${isChanging ? "is being" : "was"} modified`;
		const later = "will change in its maintenance window";
		toast.success(`${cache.name} ${changes.apply === "window" ? later : done}`);
		router.push(home);
	});
	const set = (change: Partial<ModifyDraft>) => {
		setEdited((old) => {
			const { before: start, draft: present } = old ?? untouched;
			return { before: start, draft: { ...present, ...change } };
		});
		if (modify.isError) modify.reset();
	};
	const refusals = shapeRefusals(before, shape);
	const parsed = modifyCacheInputSchema.safeParse({ ...changes, name: cache.name });
	const issues = list.length === 0 ? new Map<string, string>() : firstIssues(parsed.error);
	const isAllowed = parsed.success && refusals.length === 0;
	const isUpgrade = engineOf(draft) !== null;
	const isIrreversible = isUpgrade || draft.toCluster;
	const mustAccept = isUpgrade || changes.clusterMode !== undefined;
	const previewed =
		shape === null && !draft.toCluster && changes.persistence === undefined
			? null
			: { ...shape, ...atOnceOf(changes) };
	const hasTags = tagProblem(draft.tags) === null;
	const preview = usePreview(cache.name, isAllowed ? previewed : null);
	// A change that waits for the window may find room by then.
	const canStart = changes.apply === "window" || (preview.data?.problems ?? []).length === 0;
	const isValid =
		list.length > 0 && isAllowed && canStart && hasTags && (isAccepted || !isIrreversible);
	const problem = modify.isError ? toApiProblem(modify.error) : null;
	const errorOf = (field: string) => {
		const refusal = [...refusals, problem].find((each) => each?.field === field);
		return issues.get(field) ?? (refusal ? asSentence(refusal.message) : undefined);
	};
	const submit = (event: SubmitEvent<HTMLFormElement>) => {
		event.preventDefault();
		if (!isValid || modify.isPending) return;
		modify.mutate(mustAccept ? { ...changes, acceptIrreversible: isAccepted } : changes);
	};
	return (
		<form
			onSubmit={submit}
			noValidate
			aria-label={`Modify ${cache.name}`}
			className={`grid items-start gap-4 ${cache.kind === "provisioned" ? BESIDE_TOPOLOGY : BESIDE_DIFFERENCE}`}
		>
			<ModifyFields cache={before} draft={draft} set={set} errorOf={errorOf} />
			<div className="flex min-w-0 flex-col gap-4 lg:sticky lg:top-17">
				{cache.kind === "provisioned" && (
					<Panel title="Topology">
						<TopologyComparison
							cache={cache}
							isAsked={shape !== null}
							after={preview.data?.topology ?? null}
						/>
					</Panel>
				)}
				<Panel title="What changes">
					<div className="flex flex-col gap-4">
						{refusals
							.filter(({ field }) => !(field in draft))
							.map(({ field, message }) => (
								<Banner key={field} tone="warning" title="This can't be done">
									{asSentence(message)}
								</Banner>
							))}
						{problem !== null && !(problem.field !== null && problem.field in draft) && (
							<ProblemBanner title="Nothing was changed" error={modify.error} />
						)}
						<DifferenceList list={list} />
						{shape !== null && (
							<WhenField value={draft.apply} onChange={(apply) => set({ apply })} />
						)}
						{previewed !== null && isAllowed && (
							<ChangeFacts preview={preview.data} error={preview.error} />
						)}
						{isIrreversible && (
							<CheckField
								label={`I understand that the ${finalWords(changes, isUpgrade)} can't be undone`}
								isChecked={isAccepted}
								onChange={setAccepted}
							/>
						)}
						<div className="flex flex-wrap justify-end gap-2">
							<ButtonLink href={home} variant="outline">
								Cancel
							</ButtonLink>
							<Button type="submit" isDisabled={!isValid} isPending={modify.isPending}>
								Apply changes
							</Button>
						</div>
					</div>
				</Panel>
			</div>
		</form>
	);
}

/** What can't be undone. */
function finalWords({ protocol, clusterMode }: Omit<ModifyCacheInput, "name">, isUpgrade: boolean) {
	const words = [
		...(isUpgrade ? ["engine upgrade"] : []),
		...(protocol === undefined ? [] : ["change of the protocol"]),
		...(clusterMode === undefined ? [] : ["change to cluster mode"]),
	];
	return words.join(" and the ");
}

/** What is previewed besides the shape. */
function atOnceOf({ protocol, persistence }: Omit<ModifyCacheInput, "name">) {
	return {
		...(protocol === undefined ? {} : { protocol }),
		...(persistence === undefined ? {} : { persistence }),
	};
}

/** What the change would do now; no data while nothing that concerns nodes differs. */
function usePreview(name: string, shape: Omit<ModifyCacheInput, "name"> | null) {
	const trpc = useTRPC();
	const preview = useQuery({
		...trpc.caches.preview.queryOptions({ ...shape, name }, PREVIEW_OPTIONS),
		enabled: shape !== null,
	});
	return shape === null ? { data: undefined, error: null } : preview;
}
