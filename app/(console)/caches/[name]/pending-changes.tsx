"use client";

import { Button } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CalendarClock, ListEnd } from "lucide-react";
import type { ReactNode } from "react";
import type { Cache, PendingChange } from "../../../../server/contract/cache-view.ts";
import { asSentence } from "../../../_lib/form-issues.ts";
import { noteChange } from "../../../_lib/fresh-changes.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { Banner, ProblemBanner } from "../../../_ui/notices.tsx";
import { Time } from "../../../_ui/time.tsx";
import { describeChanges } from "./describe-changes.ts";

/** Changes that wait for the one under way, or for the maintenance window. */
export function PendingChanges({ cache }: { cache: Cache }) {
	const { next, window } = cache.pendingChanges ?? { next: null, window: null };
	if (next === null && window === null) return null;
	return (
		<div className="mb-4 flex flex-col gap-3">
			{next !== null && (
				<Banner tone="neutral" icon={ListEnd} title="After the current change">
					<ChangeList change={next} />
				</Banner>
			)}
			{window !== null && (
				<Banner
					tone="neutral"
					icon={CalendarClock}
					title={
						<>
							Waiting for the maintenance window: <Time value={window.startsAt} />
						</>
					}
				>
					<div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
						<div>
							<ChangeList change={window} />
						</div>
						<WindowActions cache={cache} />
					</div>
				</Banner>
			)}
		</div>
	);
}

function ChangeList({ change }: { change: PendingChange }): ReactNode {
	return (
		<>
			<ul className="mt-0.5 text-[0.8125rem]">
				{describeChanges(change.changes).map(({ field, value }) => (
					<li key={field}>
						<span className="font-medium">{field}</span> {value}
					</li>
				))}
			</ul>
			<p className="mt-1 text-xs text-muted">
				Requested by {change.requestedBy}, <Time value={change.requestedAt} look="relative" />
			</p>
			{change.problem !== null && (
				<p className="mt-1 text-[0.8125rem] text-warning-soft-foreground">
					This change can't start now: {asSentence(change.problem)}
				</p>
			)}
		</>
	);
}

function WindowActions({ cache }: { cache: Cache }) {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const onSuccess = (next: Cache) => {
		noteChange(cache.name);
		queryClient.setQueryData(trpc.caches.get.queryKey({ name: cache.name }), next);
	};
	const apply = useMutation(trpc.caches.applyPendingChanges.mutationOptions({ onSuccess }));
	const drop = useMutation(trpc.caches.dropPendingChanges.mutationOptions({ onSuccess }));
	const isBusy = apply.isPending || drop.isPending;
	const failed = [apply, drop].find(({ isError }) => isError);
	return (
		<span className="flex flex-col gap-2">
			<span className="flex flex-wrap gap-2">
				<ForAdministrators>
					<Button
						variant="outline"
						size="sm"
						isDisabled={isBusy}
						isPending={apply.isPending}
						onPress={() => apply.mutate({ name: cache.name })}
					>
						Apply now
					</Button>
				</ForAdministrators>
				<ForAdministrators>
					<Button
						variant="outline"
						size="sm"
						isDisabled={isBusy}
						isPending={drop.isPending}
						onPress={() => drop.mutate({ name: cache.name })}
					>
						Cancel
					</Button>
				</ForAdministrators>
			</span>
			{failed !== undefined && (
				<ProblemBanner title="The pending change is still waiting" error={failed.error} />
			)}
		</span>
	);
}
