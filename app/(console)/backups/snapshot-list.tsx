"use client";

import { Button } from "@heroui/react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Archive, FileUp, Plus, SearchX } from "lucide-react";
import { BUSY_POLL_MS, CALM_POLL_MS } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { CountedTitle } from "../../_ui/counted-title.tsx";
import { ForAdministrators } from "../../_ui/for-administrators.tsx";
import { EmptyState, ProblemBanner, ProblemState } from "../../_ui/notices.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { Pager } from "../../_ui/pager.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { RefreshButton } from "../../_ui/refresh-button.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { DataTable } from "../../_ui/table/data-table.tsx";
import { useColumns } from "../../_ui/table/use-columns.tsx";
import { CreateSnapshotDialog, ImportDialog } from "./lazy-dialogs.tsx";
import { snapshotColumns } from "./snapshot-columns.tsx";
import { SnapshotFilters } from "./snapshot-filters.tsx";
import { snapshotListInput } from "./snapshot-list-input.ts";
import { isSnapshotChanging } from "./snapshot-words.ts";
import { useSnapshotActions } from "./use-snapshot-actions.tsx";

const HEAD = PAGE_HEADS["/backups"];
const DIALOG = "create";
const IMPORT = "import";
const FILTERS = ["search", "cache", "store", "kind", "status"] as const;
const NO_FILTERS = Object.fromEntries([...FILTERS, "cursor"].map((name) => [name, null]));

/** The snapshots of all caches, of those that are gone too. Filters are in the address. */
export function SnapshotList() {
	const trpc = useTRPC();
	const { params, change } = useUrlParams();
	const page = useQuery(
		trpc.snapshots.list.queryOptions(snapshotListInput(params), {
			placeholderData: keepPreviousData,
			refetchInterval: ({ state }) =>
				state.data?.items.some(isSnapshotChanging) ? BUSY_POLL_MS : CALM_POLL_MS,
		}),
	);
	const { actionsFor, dialog } = useSnapshotActions();
	const columns = useColumns("snapshots", snapshotColumns(actionsFor));
	const isWhole = page.data?.nextCursor === null && !params.has("cursor");
	const isFiltered = FILTERS.some((name) => params.has(name));
	const isEmpty = page.data?.items.length === 0 && !params.has("cursor");
	const create = () => change({ dialog: DIALOG });
	return (
		<>
			<PageHeader
				crumbs={[{ label: HEAD.title }]}
				title={<CountedTitle title={HEAD.title} count={page.data?.total} />}
				description={HEAD.description}
				actions={
					<>
						<RefreshButton onPress={page.refetch} />
						{columns.chooser}
						<ForAdministrators>
							<Button variant="outline" onPress={() => change({ dialog: IMPORT })}>
								<FileUp aria-hidden />
								Import
							</Button>
						</ForAdministrators>
						<ForAdministrators>
							<Button onPress={create}>
								<Plus aria-hidden />
								Take snapshot
							</Button>
						</ForAdministrators>
					</>
				}
			/>
			{(isFiltered || !isEmpty) && <SnapshotFilters />}
			{page.isError && page.data !== undefined && (
				<div className="mb-3">
					<ProblemBanner title="The list isn't up to date" error={page.error} />
				</div>
			)}
			<Panel flush>
				{page.isPending ? (
					<TableSkeleton label="Loading snapshots" />
				) : page.data === undefined ? (
					<ProblemState
						title="Snapshots couldn't be loaded"
						error={page.error}
						onRetry={() => void page.refetch()}
					/>
				) : isEmpty && isFiltered ? (
					<EmptyState
						icon={SearchX}
						title="No snapshot matches"
						action={
							<Button variant="outline" onPress={() => change(NO_FILTERS)}>
								Clear filters
							</Button>
						}
					>
						The search looks at names of snapshots and of their caches. Try fewer letters, or
						another kind or status.
					</EmptyState>
				) : isEmpty ? (
					<EmptyState
						icon={Archive}
						title="Take your first snapshot"
						action={
							<ForAdministrators>
								<Button onPress={create}>
									<Plus aria-hidden />
									Take snapshot
								</Button>
							</ForAdministrators>
						}
					>
						A snapshot keeps a cache's data as it is now, and a new cache can begin with it. On a
						cache's Backups tab, Larder can take one every day.
					</EmptyState>
				) : (
					<>
						<DataTable
							label="Snapshots"
							columns={columns.shown}
							sorting={isWhole ? { by: "rows" } : { by: "server", columns: [] }}
							rows={page.data.items}
							rowKey={({ name }) => name}
						/>
						<Pager
							nextCursor={page.data.nextCursor}
							shown={page.data.items.length}
							total={page.data.total}
							noun={page.data.total === 1 ? "snapshot" : "snapshots"}
						/>
					</>
				)}
			</Panel>
			{dialog}
			{params.get("dialog") === IMPORT && (
				<ImportDialog
					from={params.get("from")}
					onClose={() => change({ dialog: null, from: null })}
				/>
			)}
			{params.get("dialog") === DIALOG && (
				<CreateSnapshotDialog onClose={() => change({ dialog: null })} />
			)}
		</>
	);
}
