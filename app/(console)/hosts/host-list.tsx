"use client";

import { Button } from "@heroui/react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Plus, Server } from "lucide-react";
import type { Host } from "../../../server/contract/host.ts";
import { BUSY_POLL_MS, CALM_POLL_MS } from "../../_lib/queries.ts";
import { pageInput } from "../../_lib/search-params.ts";
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
import { AddHostDialog } from "./add-host-dialog.tsx";
import { HOST_DIALOGS } from "./host-actions.ts";
import { hostColumns } from "./host-columns.tsx";
import { HostDialog } from "./host-dialog.tsx";
import { JoinTokensPanel } from "./join-tokens-panel.tsx";
import { ZoneCapacity } from "./zone-capacity.tsx";

const HEAD = PAGE_HEADS["/hosts"];
const DIALOG = "add-host";

/** A host's current state, even if it is on another page of the list; undefined if there is no such host. */
function useHostNamed(name: string | null, shown: readonly Host[] = []): Host | undefined {
	const trpc = useTRPC();
	const inPage = shown.find((host) => host.name === name);
	const { data } = useQuery(
		trpc.hosts.get.queryOptions(
			{ name: name ?? "" },
			{ enabled: name !== null && inPage === undefined },
		),
	);
	return name === null ? undefined : (inPage ?? data);
}

export function HostList() {
	const trpc = useTRPC();
	const { params, change } = useUrlParams();
	const cursor = params.get("cursor");
	const { data, error, isPending, refetch } = useQuery(
		trpc.hosts.list.queryOptions(pageInput(params), {
			placeholderData: keepPreviousData,
			refetchInterval: ({ state }) =>
				state.data?.items.some((host) => host.draining && host.nodeCount > 0)
					? BUSY_POLL_MS
					: CALM_POLL_MS,
		}),
	);
	const chosen = HOST_DIALOGS.find((name) => name === params.get("dialog"));
	const host = useHostNamed(chosen === undefined ? null : params.get("host"), data?.items);
	const columns = useColumns(
		"hosts",
		hostColumns(({ name }, dialog) => change({ dialog, host: name })),
	);
	const isWhole = data?.nextCursor === null && cursor === null;
	const addHost = () => change({ dialog: DIALOG, host: null });
	return (
		<>
			<PageHeader
				crumbs={[{ label: HEAD.title }]}
				title={<CountedTitle title={HEAD.title} count={data?.total} />}
				actions={
					<>
						<RefreshButton onPress={refetch} />
						{columns.chooser}
						<ForAdministrators>
							<Button onPress={addHost}>
								<Plus aria-hidden />
								Add host
							</Button>
						</ForAdministrators>
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
						<TableSkeleton label="Loading hosts" rows={3} rowHeight="h-24" />
					) : data === undefined ? (
						<ProblemState
							title="Hosts couldn't be loaded"
							error={error}
							onRetry={() => void refetch()}
						/>
					) : data.items.length === 0 ? (
						<EmptyState
							icon={Server}
							title="No hosts have joined"
							action={
								<ForAdministrators>
									<Button onPress={addHost}>Add host</Button>
								</ForAdministrators>
							}
						>
							Hosts are the machines that run your caches. Add a host to make room for caches.
						</EmptyState>
					) : (
						<>
							<DataTable
								label="Hosts"
								columns={columns.shown}
								sorting={isWhole ? { by: "rows" } : { by: "server", columns: [] }}
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
				{/* Fetched together with the hosts, but shown after them, so that it doesn't move. */}
				<div className={isPending ? "hidden" : "contents"}>
					<JoinTokensPanel />
				</div>
			</div>
			{chosen !== undefined && host !== undefined && (
				<HostDialog
					host={host}
					dialog={chosen}
					onOpen={(dialog) => change({ dialog })}
					onAddHost={addHost}
					onClose={() => change({ dialog: null, host: null })}
				/>
			)}
			{params.get("dialog") === DIALOG && (
				<AddHostDialog onClose={() => change({ dialog: null })} />
			)}
		</>
	);
}
