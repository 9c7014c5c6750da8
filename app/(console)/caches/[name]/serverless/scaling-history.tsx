"use client";

import { Button } from "@heroui/react";
import { ArrowDown, ArrowUp } from "lucide-react";
import { useState } from "react";
import type { ScalingDecision } from "../../../../../server/contract/serverless.ts";
import { formatBytes } from "../../../../_lib/format/bytes.ts";
import { classNames } from "../../../../_ui/class-names.ts";
import { ProblemState } from "../../../../_ui/notices.tsx";
import { PageLink } from "../../../../_ui/page-link.tsx";
import { Panel } from "../../../../_ui/panel.tsx";
import { BlockSkeleton } from "../../../../_ui/skeletons.tsx";
import { Time } from "../../../../_ui/time.tsx";
import { moveOf, TRIGGER_WORDS } from "./scaling-words.ts";
import type { ServerlessCache } from "./serverless-cache.ts";
import type { useScaling } from "./use-scaling.ts";

const SHOWN = 6;

interface ScalingHistoryProps {
	cache: ServerlessCache;
	query: ReturnType<typeof useScaling>;
	/** The time of the decision that the user points at. */
	pointedAt: string | null;
	onPoint: (at: string | null) => void;
}

/** Each change of capacity with its reason, newest first. */
export function ScalingHistory({ cache, query, pointedAt, onPoint }: ScalingHistoryProps) {
	const [showsAll, setShowsAll] = useState(false);
	const { data, error, isPending } = query;
	const decisions = data?.items ?? [];
	const shown = showsAll ? decisions : decisions.slice(0, SHOWN);
	return (
		<Panel title="Scaling history">
			{isPending && cache.status !== "deleting" && (
				<BlockSkeleton className="mt-2 h-20" label="Loading the scaling history" />
			)}
			{data === undefined && error !== null && (
				<ProblemState title="The scaling history couldn't be loaded" error={error} />
			)}
			{data !== undefined && decisions.length === 0 && (
				<p className="text-[0.8125rem] text-pretty text-muted">
					Larder hasn't scaled this cache yet. It does when data or requests need more capacity, or
					less.
				</p>
			)}
			<ol className="-mx-2 -my-1 flex flex-col">
				{shown.map((decision) => (
					<Decision
						key={decision.at}
						decision={decision}
						isPointedAt={decision.at === pointedAt}
						onPoint={onPoint}
					/>
				))}
			</ol>
			{decisions.length > SHOWN && (
				<div className="mt-2.5 flex flex-wrap items-center gap-3 text-[0.8125rem]">
					<Button variant="outline" size="sm" onPress={() => setShowsAll((all) => !all)}>
						{showsAll ? `Show the last ${SHOWN}` : `Show all ${decisions.length}`}
					</Button>
					{showsAll && data?.nextCursor != null && (
						<PageLink
							href={`/caches/${cache.name}?tab=events`}
							className="text-muted underline underline-offset-2 hover:text-foreground"
						>
							See its events for older ones
						</PageLink>
					)}
				</div>
			)}
		</Panel>
	);
}

interface DecisionProps {
	decision: ScalingDecision;
	isPointedAt: boolean;
	onPoint: (at: string | null) => void;
}

function Decision({ decision, isPointedAt, onPoint }: DecisionProps) {
	const { at, from, to, trigger, reason } = decision;
	const { direction, word } = moveOf(decision);
	const Icon = direction === "up" ? ArrowUp : ArrowDown;
	return (
		<li
			data-scaling={direction}
			onPointerEnter={() => onPoint(at)}
			onPointerLeave={() => onPoint(null)}
			className={classNames(
				"flex gap-3 rounded-lg px-2 py-1.5 text-[0.8125rem]",
				isPointedAt && "bg-accent-soft",
			)}
		>
			<span
				className={classNames(
					"mt-0.5 grid size-4.5 shrink-0 place-items-center rounded-full",
					direction === "up"
						? "bg-accent-soft text-accent-soft-foreground"
						: "bg-default text-muted",
				)}
			>
				<Icon aria-hidden className="size-3" />
			</span>
			<div className="min-w-0 flex-1">
				<p className="flex flex-wrap items-baseline gap-x-2">
					<span className="font-medium">{word}</span>
					<span className="tabular-nums">
						{formatBytes(from.memoryBytes)} <span aria-hidden>→</span>
						<span className="sr-only">to</span> {formatBytes(to.memoryBytes)}
					</span>
					<span className="text-muted">· {TRIGGER_WORDS[trigger]}</span>
					<span className="ml-auto text-muted">
						<Time value={at} />
					</span>
				</p>
				<p className="text-pretty break-words text-muted">{reason}</p>
			</div>
		</li>
	);
}
