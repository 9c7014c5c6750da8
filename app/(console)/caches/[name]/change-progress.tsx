"use client";

import { CircleCheck, CircleDashed, Hourglass, LoaderCircle, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import type { Cache, ProgressStep } from "../../../../server/contract/cache-view.ts";
import type { StepState } from "../../../../server/contract/enums.ts";
import { formatDuration } from "../../../_lib/format/time.ts";
import { useNow } from "../../../_lib/use-now.ts";
import { Panel } from "../../../_ui/panel.tsx";
import { OperationProgress } from "./operation-progress.tsx";

const LOOKS: Record<StepState, { icon: LucideIcon; word: string; className: string }> = {
	done: { icon: CircleCheck, word: "done", className: "text-success" },
	running: {
		icon: LoaderCircle,
		word: "running",
		className: "text-accent motion-safe:animate-spin",
	},
	waiting: { icon: Hourglass, word: "waiting", className: "text-warning" },
	pending: { icon: CircleDashed, word: "not started", className: "text-muted" },
};

function stepMs(step: ProgressStep, nowMs: number | null): number | null {
	if (step.startedAt === null) return null;
	const end = step.finishedAt === null ? nowMs : Date.parse(step.finishedAt);
	return end === null ? null : Math.max(0, end - Date.parse(step.startedAt));
}

/** The steps of a creation with their times, and what it waits for. */
export function CreationProgress({ cache }: { cache: Cache }) {
	const waiting = cache.progress.some(({ state }) => state === "waiting");
	return (
		<Steps
			cache={cache}
			title={waiting ? "Waiting to be created" : "Creating"}
			since={cache.createdAt}
		/>
	);
}

/** A step for each node that is rebooted. */
export function RebootProgress({ cache }: { cache: Cache }) {
	return (
		<Steps cache={cache} title="Rebooting" since={startOf(cache)}>
			<ChangeUnderWay cache={cache} />
		</Steps>
	);
}

/** The steps of a modification, and its overall progress. */
export function ModifyProgress({ cache }: { cache: Cache }) {
	return (
		<Steps cache={cache} title="Modifying" since={startOf(cache)}>
			<ChangeUnderWay cache={cache} />
		</Steps>
	);
}

function ChangeUnderWay({ cache: { name, operation } }: { cache: Cache }) {
	return operation === null ? null : <OperationProgress name={name} operation={operation} />;
}

function startOf(cache: Cache): string | null {
	const [first] = cache.progress.flatMap(({ startedAt }) => startedAt ?? []).sort();
	return first ?? null;
}

interface StepsProps {
	cache: Cache;
	title: string;
	/** Null before the first step has begun. */
	since: string | null;
	children?: ReactNode;
}

function Steps({ cache, title, since, children }: StepsProps) {
	const nowMs = useNow("tenth");
	const elapsedMs =
		nowMs === null || since === null ? null : Math.max(0, nowMs - Date.parse(since));
	const waiting = cache.progress.some(({ state }) => state === "waiting");
	return (
		<Panel
			title={title}
			aside={
				<span className="tabular-nums" aria-live="off">
					{elapsedMs !== null && `${formatDuration(elapsedMs)} so far`}
				</span>
			}
		>
			<ol className="flex flex-col gap-2">
				{cache.progress.map((step) => {
					const { icon: Icon, word, className } = LOOKS[step.state];
					const tookMs = stepMs(step, nowMs);
					return (
						<li key={step.step} className="flex items-center gap-2.5">
							<Icon aria-hidden className={`size-4 shrink-0 ${className}`} />
							<span className={step.state === "pending" ? "text-muted" : "font-medium"}>
								{step.step}
							</span>
							<span className="sr-only">{word}</span>
							<span aria-live="off" className="ml-auto text-[0.8125rem] text-muted tabular-nums">
								{tookMs === null ? "" : formatDuration(tookMs)}
							</span>
						</li>
					);
				})}
			</ol>
			{children}
			{cache.statusReason !== null && (
				<p
					className={`mt-3 rounded-lg px-3 py-2 text-[0.8125rem] ${waiting ? "bg-warning-soft text-foreground" : "bg-surface-secondary"}`}
				>
					{cache.statusReason}
				</p>
			)}
		</Panel>
	);
}
