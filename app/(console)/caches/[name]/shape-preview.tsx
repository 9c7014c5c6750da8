"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { ChangePreview } from "../../../../server/contract/cache-view.ts";
import type { ModifyCacheInput } from "../../../../server/contract/modify-cache.ts";
import { asSentence } from "../../../_lib/form-issues.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { formatMoney, monthlyCost } from "../../../_lib/format/money.ts";
import { formatDuration } from "../../../_lib/format/time.ts";
import { useRateCard } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { Banner, ProblemBanner } from "../../../_ui/notices.tsx";
import { TopologyPreview } from "./topology-preview.tsx";

/** How often a change that can't start is looked at again. */
const BLOCKED_REFRESH_MS = 3_000;

/** Each preview is fetched anew; the last one stays until the next arrives. */
export const PREVIEW_OPTIONS = {
	staleTime: 0,
	refetchInterval: ({ state }: { state: { data?: ChangePreview | undefined } }) =>
		(state.data?.problems ?? []).length > 0 && BLOCKED_REFRESH_MS,
	retry: false,
	placeholderData: keepPreviousData<ChangePreview | undefined>,
} as const;

/** What the change would do now, and what is in its way. */
export function ShapePreview(input: ModifyCacheInput) {
	const trpc = useTRPC();
	const preview = useQuery(trpc.caches.preview.queryOptions(input, PREVIEW_OPTIONS));
	return <ChangeSteps preview={preview.data} error={preview.error} />;
}

interface ChangeStepsProps {
	/** Undefined until it is known. */
	preview: ChangePreview | undefined;
	error: unknown;
}

/** The steps of a change with what is in its way, and the cache afterward. */
export function ChangeSteps({ preview, error }: ChangeStepsProps) {
	return (
		<>
			{preview !== undefined && error === null && <TopologyPreview topology={preview.topology} />}
			<ChangeFacts preview={preview} error={error} />
		</>
	);
}

/** The steps of a change, with what is in its way and what it takes. */
export function ChangeFacts({ preview, error }: ChangeStepsProps) {
	if (error !== null) {
		return <ProblemBanner title="The steps of this change couldn't be loaded" error={error} />;
	}
	if (preview === undefined) return null;
	const { steps, failovers, restarts, memoryBytes, expectedSeconds, problems } = preview;
	return (
		<section aria-label="Steps" aria-live="polite" className="flex flex-col gap-2 text-[0.8125rem]">
			{problems.map(({ field, message }) => (
				<Banner key={`${field} ${message}`} tone="warning" title="This change can't start now">
					{asSentence(message)}
				</Banner>
			))}
			{steps.length > 0 && (
				<ol className="list-decimal pl-5">
					{steps.map((step, index) => (
						<li key={`${index} ${step}`}>{step}</li>
					))}
				</ol>
			)}
			{failovers.length > 0 && (
				<p>
					Fails over: {failovers.length === 1 ? "shard" : "shards"} {failovers.join(", ")}.
				</p>
			)}
			{restarts.length > 0 && <p>Restarts: {restarts.join(", ")}.</p>}
			{steps.length > 0 && expectedSeconds > 0 && (
				<p>Takes about {formatDuration(expectedSeconds * 1_000)}.</p>
			)}
			{preview.hourlyCost !== null && <Cost {...preview.hourlyCost} />}
			{memoryBytes.before !== memoryBytes.after && (
				<p className="text-muted">
					Memory assigned on hosts: {formatBytes(memoryBytes.before)} now,{" "}
					{formatBytes(memoryBytes.after)} after the change.
				</p>
			)}
		</section>
	);
}

/** Cost of all nodes according to the rate card. */
function Cost({ before, after }: { before: number; after: number }) {
	const { data: rateCard } = useRateCard();
	if (rateCard === undefined || before === after) return null;
	const [now, then] = [before, after].map((hourly) =>
		formatMoney(monthlyCost(hourly), rateCard.currency),
	);
	const difference = formatMoney(monthlyCost(Math.abs(after - before)), rateCard.currency);
	return (
		<p className="text-muted">
			Cost from your rate card: {now} a month now, {then} after the change ({difference}{" "}
			{after > before ? "more" : "less"}).
		</p>
	);
}
