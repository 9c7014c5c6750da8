"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { FlaskConical } from "lucide-react";
import { LAB_STRATEGY_NAMES, type LabRunSummary } from "../../../server/contract/lab.ts";
import { BUSY_POLL_MS, CALM_POLL_MS } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { ForAdministrators } from "../../_ui/for-administrators.tsx";
import { EmptyState, ProblemState } from "../../_ui/notices.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { PageLink } from "../../_ui/page-link.tsx";
import { Pager } from "../../_ui/pager.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { pageHeadAt } from "../../_ui/shell/page-heads.ts";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { Status } from "../../_ui/status.tsx";
import { type Column, DataTable } from "../../_ui/table/data-table.tsx";
import { Time } from "../../_ui/time.tsx";
import { LabForm } from "./lab-form.tsx";
import { labListInput, labPath } from "./lab-words.ts";

const COLUMNS: readonly Column<LabRunSummary>[] = [
	{
		id: "run",
		header: "Run",
		lead: true,
		cell: ({ id }) => (
			<PageLink href={labPath(id)} className="font-semibold hover:underline">
				{id}
			</PageLink>
		),
	},
	{ id: "status", header: "Status", cell: ({ status }) => <Status status={status} look="text" /> },
	{ id: "cache", header: "Cache", cell: ({ cache }) => cache },
	{
		id: "strategies",
		header: "Strategies",
		cell: ({ strategies }) => (
			<span className="block min-w-48 text-pretty">
				{strategies.map((strategy) => LAB_STRATEGY_NAMES[strategy]).join(" · ")}
			</span>
		),
	},
	{ id: "by", header: "Started by", cell: ({ requestedBy }) => requestedBy },
	{ id: "created", header: "Started", cell: ({ createdAt }) => <Time value={createdAt} /> },
];

/** The form for a new run, and the reports of earlier ones. */
export function LabPage() {
	const trpc = useTRPC();
	const { params } = useUrlParams();
	const runs = useQuery(
		trpc.labRuns.list.queryOptions(labListInput(params), {
			placeholderData: keepPreviousData,
			refetchInterval: ({ state }) =>
				state.data?.items.some(({ status }) => status === "running") === true
					? BUSY_POLL_MS
					: CALM_POLL_MS,
		}),
	);
	return (
		<>
			<PageHeader {...pageHeadAt("/lab")} />
			<div className="flex flex-col gap-4">
				<ForAdministrators>
					<LabForm />
				</ForAdministrators>
				<Panel title="Runs" flush>
					{runs.isPending ? (
						<TableSkeleton label="Loading lab runs" rows={4} />
					) : runs.data === undefined ? (
						<ProblemState
							title="Lab runs couldn't be loaded"
							error={runs.error}
							onRetry={() => void runs.refetch()}
						/>
					) : runs.data.items.length === 0 ? (
						<EmptyState icon={FlaskConical} title="No runs yet">
							A run compares caching strategies on one of your caches, and its report stays here.
						</EmptyState>
					) : (
						<>
							<DataTable
								label="Lab runs"
								columns={COLUMNS}
								rows={runs.data.items}
								rowKey={({ id }) => id}
							/>
							<Pager
								nextCursor={runs.data.nextCursor}
								shown={runs.data.items.length}
								noun={runs.data.items.length === 1 ? "run" : "runs"}
							/>
						</>
					)}
				</Panel>
			</div>
		</>
	);
}
