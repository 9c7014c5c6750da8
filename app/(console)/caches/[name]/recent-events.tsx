"use client";

import { useQuery } from "@tanstack/react-query";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import { BUSY_POLL_MS, CALM_POLL_MS, isChanging } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { ProblemState } from "../../../_ui/notices.tsx";
import { PageLink } from "../../../_ui/page-link.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { BlockSkeleton } from "../../../_ui/skeletons.tsx";
import { Status } from "../../../_ui/status.tsx";
import { Time } from "../../../_ui/time.tsx";
import { recentEventsInput } from "./recent-events-input.ts";

export function RecentEvents({ cache }: { cache: Cache }) {
	const trpc = useTRPC();
	const { data, error, isPending } = useQuery(
		trpc.events.list.queryOptions(recentEventsInput(cache.name), {
			refetchInterval: isChanging(cache.status) ? BUSY_POLL_MS : CALM_POLL_MS,
		}),
	);
	return (
		<Panel
			title="Recent events"
			aside={
				<PageLink
					href={`/caches/${cache.name}?tab=events`}
					className="hover:text-foreground hover:underline"
				>
					All
				</PageLink>
			}
		>
			{isPending && <BlockSkeleton className="h-28" label="Loading events" />}
			{data === undefined && error !== null && (
				<ProblemState title="Events couldn't be loaded" error={error} />
			)}
			{data?.items.length === 0 && <p className="text-sm text-muted">Nothing has happened yet.</p>}
			<ol className="flex flex-col gap-2 text-[0.8125rem]">
				{data?.items.map((event) => (
					<li key={event.id} className="flex gap-3">
						<span className="shrink-0 text-muted">
							<Time value={event.at} look="clock" />
						</span>
						<span className="min-w-0 text-pretty break-words">
							{event.severity !== "info" && (
								<>
									<Status status={event.severity} look="text" />{" "}
								</>
							)}
							{event.message}
						</span>
					</li>
				))}
			</ol>
		</Panel>
	);
}
