"use client";

import { Button } from "@heroui/react";
import { useQuery } from "@tanstack/react-query";
import { RotateCw, SearchX } from "lucide-react";
import { useState } from "react";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import type { Parameter } from "../../../../server/contract/parameter-group.ts";
import { plural } from "../../../_lib/format/count.ts";
import { CALM_POLL_MS } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { useUrlParams } from "../../../_lib/use-url-params.ts";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { Banner, EmptyState, ProblemState } from "../../../_ui/notices.tsx";
import { PageLink } from "../../../_ui/page-link.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { SearchBox } from "../../../_ui/search-box.tsx";
import { BlockSkeleton, TableSkeleton } from "../../../_ui/skeletons.tsx";
import { Status } from "../../../_ui/status.tsx";
import { type Column, DataTable } from "../../../_ui/table/data-table.tsx";
import { PARAMETER_COLUMNS, searchParameters } from "../../parameter-groups/parameter-columns.tsx";
import { pendingParametersOf } from "../topology-words.ts";
import { valueInForce } from "../write-guard.ts";
import { WriteGuardNote } from "../write-guard-note.tsx";
import { RebootDialog } from "./lazy-dialogs.tsx";

const STATUS = {
	"in-sync": { status: "available", word: "In sync" },
	applying: { status: "modifying", word: "Being applied" },
	"pending-reboot": { status: "warning", word: "Pending reboot" },
} as const;

/** The values that the cache runs with, and those that wait for a reboot. */
export function ParametersTab({ cache }: { cache: Cache }) {
	const trpc = useTRPC();
	const { params, change } = useUrlParams();
	const [isRebooting, setRebooting] = useState(false);
	const { name, status } = cache.parameterGroup;
	const group = useQuery(
		trpc.parameterGroups.get.queryOptions({ name }, { refetchInterval: CALM_POLL_MS }),
	);
	const search = params.get("parameter") ?? "";
	const pending = pendingParametersOf(cache);
	const rows = searchParameters(group.data?.parameters ?? [], search).map((row) => ({
		...row,
		value: valueInForce(row, cache.replicasPerShard),
	}));
	return (
		<div className="flex flex-col gap-3">
			<div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
				<div className="flex min-w-0 flex-wrap items-center gap-2">
					<PageLink href={`/parameter-groups/${name}`} className="font-semibold hover:underline">
						{name}
					</PageLink>
					<Status {...STATUS[status]} />
				</div>
				<SearchBox
					label="Search parameters"
					value={search}
					onChange={(text) => change({ parameter: text })}
					className="w-full min-w-0 sm:w-72"
				/>
			</div>
			{pending.length > 0 && (
				<Banner
					tone="warning"
					title={`${plural(pending.length, "parameter")} pending reboot`}
					action={
						<ForAdministrators>
							<Button size="sm" variant="outline" onPress={() => setRebooting(true)}>
								<RotateCw aria-hidden />
								Reboot to apply
							</Button>
						</ForAdministrators>
					}
				>
					<code className="font-mono text-xs break-words">{pending.join(", ")}</code>
				</Banner>
			)}
			{cache.engine !== "memcached" &&
				cache.replicasPerShard > 0 &&
				(group.isPending ? (
					<BlockSkeleton className="h-[2.4375rem]" />
				) : (
					<WriteGuardNote group={name} replicasPerShard={cache.replicasPerShard} />
				))}
			<Panel flush>
				{group.isPending ? (
					<TableSkeleton label="Loading parameters" rows={8} />
				) : group.data === undefined ? (
					<ProblemState
						title="Parameters couldn't be loaded"
						error={group.error}
						onRetry={() => void group.refetch()}
					/>
				) : rows.length === 0 ? (
					<EmptyState icon={SearchX} title="No parameter matches">
						The search looks at names and descriptions.
					</EmptyState>
				) : (
					<DataTable
						label={`Parameters of ${cache.name}`}
						columns={PARAMETER_COLUMNS.map(
							(column): Column<Parameter> =>
								column.id === "value"
									? {
											...column,
											cell: (row) => (
												<span className="inline-flex flex-wrap items-center gap-2">
													{column.cell(row)}
													{pending.includes(row.name) && (
														<Status status="warning" look="text" word="pending reboot" />
													)}
												</span>
											),
										}
									: column,
						)}
						rows={rows}
						rowKey={(row) => row.name}
					/>
				)}
			</Panel>
			{isRebooting && (
				<RebootDialog cache={cache} nodes={null} onClose={() => setRebooting(false)} />
			)}
		</div>
	);
}
