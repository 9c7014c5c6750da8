"use client";

import { CircleCheck, CircleDashed, Hourglass, LoaderCircle, type LucideIcon } from "lucide-react";
import type { Cache, ProgressStep } from "../../../../server/contract/cache.ts";
import type { StepState } from "../../../../server/contract/enums.ts";
import { formatDuration } from "../../../_lib/format/time.ts";
import { useNow } from "../../../_lib/use-now.ts";
import { Panel } from "../../../_ui/panel.tsx";

const LOOKS: Record<StepState, { icon: LucideIcon; word: string; className: string }> = {
	done: { icon: CircleCheck, word: "done", className: "text-success" },
	running: {
		icon: LoaderCircle,
		word: "running",
		className: "text-accent motion-safe:animate-spin",
	},
	waiting: { icon: Hourglass, word: "waiting", className: "text-warning" },
	pending: { icon: CircleDashed, word: "to come", className: "text-muted" },
};

function stepMs(step: ProgressStep, nowMs: number | null): number | null {
	if (step.startedAt === null) return null;
	const end = step.finishedAt === null ? nowMs : Date.parse(step.finishedAt);
	return end === null ? null : Math.max(0, end - Date.parse(step.startedAt));
}

/** "start-nodes" → "Start nodes" */
function stepWords(step: string): string {
	const words = step.replaceAll(/[-_]/g, " ");
	return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The steps of a creation with their times, and what it waits for. */
export function CreationProgress({ cache }: { cache: Cache }) {
	const nowMs = useNow("tenth");
	const elapsedMs = nowMs === null ? 0 : Math.max(0, nowMs - Date.parse(cache.createdAt));
	const waiting = cache.progress.some(({ state }) => state === "waiting");
	return (
		<Panel
			title={waiting ? "Waiting to be created" : "Being created"}
			aside={
				<span className="tabular-nums" aria-live="off">
					{formatDuration(elapsedMs)} so far
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
								{stepWords(step.step)}
							</span>
							<span className="sr-only">{word}</span>
							<span aria-live="off" className="ml-auto text-[0.8125rem] text-muted tabular-nums">
								{tookMs === null ? "" : formatDuration(tookMs)}
							</span>
						</li>
					);
				})}
			</ol>
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
