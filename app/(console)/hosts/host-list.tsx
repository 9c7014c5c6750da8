"use client";

import { Button } from "@heroui/react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Plus, RefreshCw, Server } from "lucide-react";
import { useState } from "react";
import { BUSY_POLL_MS, CALM_POLL_MS } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { DataTable } from "../../_ui/data-table.tsx";
import { EmptyState, ProblemBanner, ProblemState } from "../../_ui/notices.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { Pager } from "../../_ui/pager.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { AddHostDialog } from "./add-host-dialog.tsx";
import type { HostDialogName } from "./host-actions.ts";
import { hostColumns } from "./host-columns.tsx";
import { HostDialog } from "./host-dialog.tsx";
import { ZoneCapacity } from "./zone-capacity.tsx";

const PAGE_SIZE = 50;
const DIALOG = "add-host";

export function HostList() {
	const trpc = useTRPC();
	const { params, change } = useUrlParams();
	const cursor = params.get("cursor");
	const { data, error, isPending, refetch } = useQuery(
		trpc.hosts.list.queryOptions(
			{ limit: PAGE_SIZE, ...(cursor === null ? {} : { cursor }) },
			{
				placeholderData: keepPreviousData,
				refetchInterval: ({ state }) =>
					state.data?.items.some((host) => host.draining && host.nodeCount > 0)
						? BUSY_POLL_MS
						: CALM_POLL_MS,
			},
		),
	);
	const [chosen, setChosen] = useState<{ id: string; dialog: HostDialogName } | null>(null);
	// As it is now, not as it was when the menu was opened; gone once it is removed.
	const host = data?.items.find(({ id }) => id === chosen?.id);
	const columns = hostColumns(({ id }, dialog) => setChosen({ id, dialog }));
	const addHost = () => change({ dialog: DIALOG });
	return (
		<>
			<PageHeader
				crumbs={[{ label: "Hosts" }]}
				title={
					<>
						Hosts{" "}
						{data !== undefined && (
							<span className="font-normal text-muted tabular-nums">
								{data.total.toLocaleString("en-US")}
							</span>
						)}
					</>
				}
				actions={
					<>
						<Button
							variant="outline"
							isIconOnly
							aria-label="Refresh"
							onPress={() => void refetch()}
						>
							<RefreshCw aria-hidden />
						</Button>
						<Button onPress={addHost}>
							<Plus aria-hidden />
							Add host
						</Button>
					</>
				}
			/>
			<div className="flex flex-col gap-4">
				<ZoneCapacity />
				{error !== null && data !== undefined && (
					<ProblemBanner title="The list isn't up to date" error={error} />
				)}
				<Panel flush>
					{isPending ? (
						<TableSkeleton label="Loading hosts" rows={3} />
					) : data === undefined ? (
						<ProblemState
							title="Hosts couldn't be loaded"
							error={error}
							onRetry={() => void refetch()}
						/>
					) : data.items.length === 0 ? (
						<EmptyState
							icon={Server}
							title="No host has joined"
							action={<Button onPress={addHost}>Add host</Button>}
						>
							Hosts are the machines that caches run on. Add one, and its memory becomes room for
							caches.
						</EmptyState>
					) : (
						<>
							<DataTable
								label="Hosts"
								columns={columns}
								rows={data.items}
								rowKey={(host) => host.id}
							/>
							<Pager
								nextCursor={data.nextCursor}
								shown={data.items.length}
								total={data.total}
								noun={data.total === 1 ? "host" : "hosts"}
							/>
						</>
					)}
				</Panel>
			</div>
			{chosen !== null && host !== undefined && (
				<HostDialog host={host} dialog={chosen.dialog} onClose={() => setChosen(null)} />
			)}
			<AddHostDialog
				isOpen={params.get("dialog") === DIALOG}
				onOpenChange={(isOpen) => change({ dialog: isOpen ? DIALOG : null })}
			/>
		</>
	);
}
