"use client";

import { Button } from "@heroui/react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import {
	Cpu,
	KeyRound,
	type LucideIcon,
	ScrollText,
	SearchX,
	Server,
	UserRound,
	UserRoundX,
} from "lucide-react";
import { useMemo } from "react";
import type { AuditEntry } from "../../../server/contract/audit.ts";
import { pageInput } from "../../_lib/search-params.ts";
import { serverNow } from "../../_lib/server-clock.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { EmptyState, ProblemState } from "../../_ui/notices.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { Pager } from "../../_ui/pager.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { Status } from "../../_ui/status.tsx";
import { type Column, DataTable } from "../../_ui/table/data-table.tsx";
import { useColumns } from "../../_ui/table/use-columns.tsx";
import { Time } from "../../_ui/time.tsx";
import { actionWords } from "./action-words.ts";
import { AuditFilters } from "./audit-filters.tsx";
import { auditFilters } from "./audit-input.ts";

const HEAD = PAGE_HEADS["/audit"];
const POLL_MS = 15_000;
const FILTERS = ["actor", "action", "outcome", "since"];

const ACTOR_LOOKS: Readonly<Record<AuditEntry["actor"]["kind"], [LucideIcon, string]>> = {
	user: [UserRound, "User"],
	token: [KeyRound, "API token"],
	machine: [Cpu, "The control plane machine's own token"],
	host: [Server, "Host"],
	anonymous: [UserRoundX, "Not signed in"],
};

function Actor({ actor }: { actor: AuditEntry["actor"] }) {
	const [Icon, kind] = ACTOR_LOOKS[actor.kind];
	return (
		<span className="inline-flex min-w-0 items-center gap-1.5" title={kind}>
			<Icon aria-hidden className="size-3.5 shrink-0 text-muted" />
			<span className="sr-only">{kind}</span>
			<span className="max-w-64 wrap-break-word">
				{actor.kind === "anonymous" ? kind : actor.name}
			</span>
		</span>
	);
}

const COLUMNS: readonly Column<AuditEntry>[] = [
	{
		id: "time",
		header: "Time",
		cell: (entry) => (
			<span className="whitespace-nowrap text-muted">
				<Time value={entry.at} />
			</span>
		),
	},
	{ id: "who", header: "Who", cell: (entry) => <Actor actor={entry.actor} /> },
	{
		id: "action",
		header: "Action",
		lead: true,
		cell: (entry) => (
			<span className="flex min-w-32 flex-col">
				<span className="font-medium">{actionWords(entry.action)}</span>
				<code className="font-mono text-xs font-normal text-muted">{entry.action}</code>
			</span>
		),
	},
	{
		id: "target",
		header: "Target",
		cell: (entry) => <span className="wrap-anywhere">{entry.target}</span>,
	},
	{
		id: "outcome",
		header: "Outcome",
		cell: (entry) => <Status status={entry.outcome} look="text" />,
	},
	{
		id: "address",
		header: "IP address",
		cell: (entry) =>
			entry.address !== null && <code className="font-mono text-xs">{entry.address}</code>,
	},
	{
		id: "request",
		header: "Request ID",
		isExtra: true,
		cell: (entry) => <code className="font-mono text-xs text-muted">{entry.requestId}</code>,
	},
];

/** Who did what, newest first. Filters are in the address. */
export function AuditList() {
	const trpc = useTRPC();
	const { params, change } = useUrlParams();
	const { shown, chooser } = useColumns("audit", COLUMNS);
	// One moment per address, so that each poll of "last hour" asks for the same range.
	const filters = useMemo(() => auditFilters(params, serverNow()), [params]);
	const { data, error, isPending, refetch } = useQuery(
		trpc.audit.list.queryOptions(
			{ ...pageInput(params), ...filters },
			{ refetchInterval: POLL_MS, placeholderData: keepPreviousData },
		),
	);
	const isFiltered = Object.keys(filters).length > 0;
	return (
		<>
			<PageHeader crumbs={[{ label: HEAD.title }]} {...HEAD} actions={chooser} />
			<AuditFilters />
			<Panel flush>
				{isPending ? (
					<TableSkeleton label="Loading the audit log" rows={8} />
				) : data === undefined ? (
					<ProblemState
						title="The audit log couldn't be loaded"
						error={error}
						onRetry={() => void refetch()}
					/>
				) : data.items.length === 0 ? (
					<EmptyState
						icon={isFiltered ? SearchX : ScrollText}
						title={isFiltered ? "No entry matches" : "No entries yet"}
						{...(isFiltered && {
							action: (
								<Button
									variant="outline"
									onPress={() =>
										change(Object.fromEntries([...FILTERS, "cursor"].map((name) => [name, null])))
									}
								>
									Clear filters
								</Button>
							),
						})}
					>
						{isFiltered ? "Change or clear the filters." : "Changes and sign-ins will appear here."}
					</EmptyState>
				) : (
					<>
						<DataTable
							label="Audit log"
							columns={shown}
							rows={data.items}
							rowKey={(entry) => entry.id}
						/>
						<Pager
							nextCursor={data.nextCursor}
							shown={data.items.length}
							noun={data.items.length === 1 ? "entry" : "entries"}
						/>
					</>
				)}
			</Panel>
		</>
	);
}
