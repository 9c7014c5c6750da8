"use client";

import { Button } from "@heroui/react";
import { useQuery } from "@tanstack/react-query";
import { Archive, Plus } from "lucide-react";
import type { Cache } from "../../../../../server/contract/cache-view.ts";
import { BUSY_POLL_MS, CALM_POLL_MS } from "../../../../_lib/queries.ts";
import { useTRPC } from "../../../../_lib/trpc.ts";
import { useUrlParams } from "../../../../_lib/use-url-params.ts";
import { ForAdministrators } from "../../../../_ui/for-administrators.tsx";
import { EmptyState, ProblemBanner, ProblemState } from "../../../../_ui/notices.tsx";
import { PageLink } from "../../../../_ui/page-link.tsx";
import { Panel } from "../../../../_ui/panel.tsx";
import { TableSkeleton } from "../../../../_ui/skeletons.tsx";
import { DataTable } from "../../../../_ui/table/data-table.tsx";
import { snapshotColumns } from "../../../backups/snapshot-columns.tsx";
import { cacheSnapshotsInput } from "../../../backups/snapshot-list-input.ts";
import { isSnapshotChanging } from "../../../backups/snapshot-words.ts";
import { useSnapshotActions } from "../../../backups/use-snapshot-actions.tsx";

/** The newest snapshots of a cache, and the way to take another one. */
export function CacheSnapshots({ cache }: { cache: Cache }) {
	const trpc = useTRPC();
	const { change } = useUrlParams();
	const list = useQuery(
		trpc.snapshots.list.queryOptions(cacheSnapshotsInput(cache.name), {
			refetchInterval: ({ state }) =>
				state.data?.items.some(isSnapshotChanging) ? BUSY_POLL_MS : CALM_POLL_MS,
		}),
	);
	const { actionsFor, dialog } = useSnapshotActions();
	const take = cache.status !== "deleting" && (
		<ForAdministrators>
			<Button size="sm" onPress={() => change({ dialog: "snapshot" })}>
				<Plus aria-hidden />
				Take snapshot
			</Button>
		</ForAdministrators>
	);
	const hasAny = list.data !== undefined && list.data.items.length > 0;
	return (
		<>
			{list.isError && list.data !== undefined && (
				<ProblemBanner title="The list isn't up to date" error={list.error} />
			)}
			<Panel flush {...(hasAny ? { title: "Snapshots", aside: take } : {})}>
				{list.isPending ? (
					<TableSkeleton label="Loading snapshots" rows={3} />
				) : list.data === undefined ? (
					<ProblemState
						title="Snapshots couldn't be loaded"
						error={list.error}
						onRetry={() => void list.refetch()}
					/>
				) : hasAny ? (
					<div className="pt-2">
						<DataTable
							label={`Snapshots of ${cache.name}`}
							columns={snapshotColumns(actionsFor, { ofCache: true })}
							rows={list.data.items}
							rowKey={({ name }) => name}
						/>
						{list.data.nextCursor !== null && (
							<p className="border-t border-border px-4 py-3 text-[0.8125rem]">
								<PageLink
									href={`/backups?cache=${cache.name}`}
									className="font-medium hover:underline"
								>
									View all {list.data.total.toLocaleString("en-US")} snapshots of {cache.name}
								</PageLink>
							</p>
						)}
					</div>
				) : (
					<EmptyState icon={Archive} title="No snapshots yet" action={take}>
						A snapshot keeps the cache's data as it is now. A new cache can begin with it, with as
						many shards and nodes as you like.
					</EmptyState>
				)}
			</Panel>
			{dialog}
		</>
	);
}
