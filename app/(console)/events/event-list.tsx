"use client";

import { Button } from "@heroui/react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Activity, SearchX, X } from "lucide-react";
import { SEVERITIES as SEVERITY_VALUES } from "../../../server/contract/choices.ts";
import type { Event } from "../../../server/contract/event.ts";
import { CALM_POLL_MS } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { EmptyState, ProblemState } from "../../_ui/notices.tsx";
import { PageLink } from "../../_ui/page-link.tsx";
import { Pager } from "../../_ui/pager.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { Segmented } from "../../_ui/segmented.tsx";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { Status, statusWord } from "../../_ui/status.tsx";
import { type Column, DataTable } from "../../_ui/table/data-table.tsx";
import { Time } from "../../_ui/time.tsx";
import { eventListInput } from "./event-list-input.ts";

const ALL = "all";
const SEVERITIES = [
	{ value: ALL, label: "All" },
	...SEVERITY_VALUES.map((severity) => ({ value: severity, label: statusWord(severity) })),
];

const TIME: Column<Event> = {
	id: "time",
	header: "Time",
	cell: (event) => (
		<span className="whitespace-nowrap text-muted">
			<Time value={event.at} />
		</span>
	),
};
const SEVERITY: Column<Event> = {
	id: "severity",
	header: "Severity",
	cell: (event) => <Status status={event.severity} look="text" />,
};
const MESSAGE: Column<Event> = {
	id: "message",
	header: "What happened",
	lead: true,
	cell: (event) => <span className="block min-w-48 text-pretty break-words">{event.message}</span>,
};
const TYPE: Column<Event> = {
	id: "type",
	header: "Type",
	cell: (event) => (
		<code className="font-mono text-xs whitespace-nowrap text-muted">{event.type}</code>
	),
};
const CACHE: Column<Event> = {
	id: "cache",
	header: "Cache",
	cell: (event) =>
		event.cache !== null && (
			<PageLink href={`/caches/${event.cache}`} className="hover:underline">
				{event.cache}
			</PageLink>
		),
};
const PLACE: Column<Event> = {
	id: "place",
	header: "Node or host",
	// Wide enough for most names, so that they don't break at a hyphen.
	cell: (event) => {
		const place = event.node ?? event.host;
		return place !== null && <span className="block min-w-28">{place}</span>;
	},
};

/** Events, newest first, of everything or of the named cache. Filters are in the address. */
export function EventList({ cache }: { cache?: string }) {
	const trpc = useTRPC();
	const { params, change } = useUrlParams();
	const { severity, cache: cacheFilter } = eventListInput(params, cache);
	const { data, error, isPending, refetch } = useQuery(
		trpc.events.list.queryOptions(eventListInput(params, cache), {
			refetchInterval: CALM_POLL_MS,
			placeholderData: keepPreviousData,
		}),
	);
	const columns =
		cache === undefined
			? [TIME, SEVERITY, MESSAGE, CACHE, PLACE, TYPE]
			: [TIME, SEVERITY, MESSAGE, PLACE, TYPE];
	const isFiltered = severity !== undefined || (cache === undefined && cacheFilter !== undefined);
	return (
		<>
			<div className="mb-3 flex flex-wrap items-center gap-2">
				<Segmented
					label="Severity"
					value={severity ?? ALL}
					options={SEVERITIES}
					onChange={(value) => change({ severity: value === ALL ? null : value, cursor: null })}
				/>
				{cache === undefined && cacheFilter !== undefined && (
					<Button
						variant="outline"
						size="sm"
						onPress={() => change({ cache: null, cursor: null })}
						aria-label={`Show events for all caches, not only for ${cacheFilter}`}
					>
						Cache: {cacheFilter}
						<X aria-hidden />
					</Button>
				)}
			</div>
			<Panel flush>
				{isPending ? (
					<TableSkeleton label="Loading events" rows={8} />
				) : data === undefined ? (
					<ProblemState
						title="Events couldn't be loaded"
						error={error}
						onRetry={() => void refetch()}
					/>
				) : data.items.length === 0 ? (
					<EmptyState
						icon={isFiltered ? SearchX : Activity}
						title={isFiltered ? "No event matches" : "Nothing has happened yet"}
					>
						{isFiltered
							? "Change or remove a filter."
							: "Events for caches, nodes and hosts appear here."}
					</EmptyState>
				) : (
					<>
						<DataTable
							label="Events"
							columns={columns}
							rows={data.items}
							rowKey={(event) => event.id}
						/>
						<Pager
							nextCursor={data.nextCursor}
							shown={data.items.length}
							noun={data.items.length === 1 ? "event" : "events"}
						/>
					</>
				)}
			</Panel>
		</>
	);
}
