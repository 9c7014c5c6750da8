"use client";

import { Button } from "@heroui/react";
import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { CALM_POLL_MS } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { CountedTitle } from "../../_ui/counted-title.tsx";
import { ForAdministrators } from "../../_ui/for-administrators.tsx";
import { ProblemBanner, ProblemState } from "../../_ui/notices.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { RefreshButton } from "../../_ui/refresh-button.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { DataTable } from "../../_ui/table/data-table.tsx";
import { useColumns } from "../../_ui/table/use-columns.tsx";
import { BackupPanel } from "./backup-panel.tsx";
import { CreateStoreDialog } from "./lazy-dialogs.tsx";
import { storeColumns } from "./store-columns.tsx";
import { useStoreActions } from "./use-store-actions.tsx";

const HEAD = PAGE_HEADS["/stores"];
const DIALOG = "create";

/** Where files are kept, and the control plane's own backups. */
export function StoresPage() {
	const trpc = useTRPC();
	const { params, change } = useUrlParams();
	const stores = useQuery(
		trpc.stores.list.queryOptions(undefined, { refetchInterval: CALM_POLL_MS }),
	);
	const { actionsFor, dialog } = useStoreActions();
	const columns = useColumns("stores", storeColumns(actionsFor));
	return (
		<>
			<PageHeader
				crumbs={[{ label: HEAD.title }]}
				title={<CountedTitle title={HEAD.title} count={stores.data?.items.length} />}
				description={HEAD.description}
				actions={
					<>
						<RefreshButton onPress={stores.refetch} />
						{columns.chooser}
						<ForAdministrators>
							<Button onPress={() => change({ dialog: DIALOG })}>
								<Plus aria-hidden />
								Create store
							</Button>
						</ForAdministrators>
					</>
				}
			/>
			{stores.isError && stores.data !== undefined && (
				<div className="mb-3">
					<ProblemBanner title="The list isn't up to date" error={stores.error} />
				</div>
			)}
			<div className="flex flex-col gap-4">
				<Panel flush>
					{stores.isPending ? (
						<TableSkeleton label="Loading stores" rows={2} />
					) : stores.data === undefined ? (
						<ProblemState
							title="Stores couldn't be loaded"
							error={stores.error}
							onRetry={() => void stores.refetch()}
						/>
					) : (
						<DataTable
							label="Stores"
							columns={columns.shown}
							sorting={{ by: "rows" }}
							rows={stores.data.items}
							rowKey={({ name }) => name}
						/>
					)}
				</Panel>
				<BackupPanel />
			</div>
			{dialog}
			{params.get("dialog") === DIALOG && (
				<CreateStoreDialog onClose={() => change({ dialog: null })} />
			)}
		</>
	);
}
