"use client";

import { Button } from "@heroui/react";
import { useQuery } from "@tanstack/react-query";
import { Plus, SearchX, SlidersHorizontal } from "lucide-react";
import dynamic from "next/dynamic";
import { PARAMETER_FAMILIES } from "../../../server/contract/choices.ts";
import type { ParameterGroupSummary } from "../../../server/contract/parameter-group.ts";
import { familyName } from "../../_lib/engines.ts";
import { oneOf } from "../../_lib/one-of.ts";
import { CALM_POLL_MS } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { CountedTitle } from "../../_ui/counted-title.tsx";
import { ForAdministrators } from "../../_ui/for-administrators.tsx";
import { EmptyState, ProblemBanner, ProblemState } from "../../_ui/notices.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { RefreshButton } from "../../_ui/refresh-button.tsx";
import { SearchBox } from "../../_ui/search-box.tsx";
import { SelectField } from "../../_ui/select-field.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { DataTable } from "../../_ui/table/data-table.tsx";
import { GROUP_COLUMNS } from "./group-columns.tsx";

const CreateGroupDialog = dynamic(
	async () => (await import("./create-group-dialog.tsx")).CreateGroupDialog,
);

const DIALOG = "create";
const HEAD = PAGE_HEADS["/parameter-groups"];
const ANY = "any";
const FAMILIES = [
	{ value: ANY, label: "Any family" },
	...PARAMETER_FAMILIES.map((family) => ({ value: family, label: familyName(family) })),
];

function filterGroups(groups: readonly ParameterGroupSummary[], search: string, family: string) {
	const text = search.trim().toLowerCase();
	return groups.filter(
		(group) =>
			(family === ANY || group.family === family) &&
			`${group.name} ${group.description}`.toLowerCase().includes(text),
	);
}

/** All groups: the families' own and the operators'. */
export function ParameterGroupList() {
	const trpc = useTRPC();
	const { params, change } = useUrlParams();
	const search = params.get("search") ?? "";
	const family = oneOf(PARAMETER_FAMILIES, params.get("family")) ?? ANY;
	const groups = useQuery(
		trpc.parameterGroups.list.queryOptions({}, { refetchInterval: CALM_POLL_MS }),
	);
	const create = () => change({ dialog: DIALOG });
	const rows = filterGroups(groups.data?.items ?? [], search, family);
	return (
		<>
			<PageHeader
				crumbs={[{ label: HEAD.title }]}
				title={<CountedTitle title={HEAD.title} count={groups.data?.items.length} />}
				description={HEAD.description}
				actions={
					<>
						<RefreshButton onPress={groups.refetch} />
						<ForAdministrators>
							<Button onPress={create}>
								<Plus aria-hidden />
								Create parameter group
							</Button>
						</ForAdministrators>
					</>
				}
			/>
			<search className="mb-3 flex flex-wrap gap-2">
				<SearchBox
					label="Search parameter groups by name or description"
					value={search}
					onChange={(text) => change({ search: text })}
					className="min-w-0 flex-1 basis-56 sm:max-w-sm"
				/>
				<SelectField
					label="Family"
					hideLabel
					value={family}
					options={FAMILIES}
					onChange={(value) => change({ family: value === ANY ? null : value })}
					className="w-44"
				/>
			</search>
			{groups.isError && groups.data !== undefined && (
				<div className="mb-3">
					<ProblemBanner title="The list isn't up to date" error={groups.error} />
				</div>
			)}
			<Panel flush>
				{groups.isPending ? (
					<TableSkeleton label="Loading parameter groups" />
				) : groups.data === undefined ? (
					<ProblemState
						title="Parameter groups couldn't be loaded"
						error={groups.error}
						onRetry={() => void groups.refetch()}
					/>
				) : rows.length > 0 ? (
					<DataTable
						label="Parameter groups"
						columns={GROUP_COLUMNS}
						rows={rows}
						rowKey={(group) => group.name}
						sorting={{ by: "rows" }}
					/>
				) : search === "" && family === ANY ? (
					<EmptyState
						icon={SlidersHorizontal}
						title="No parameter groups"
						action={
							<ForAdministrators>
								<Button onPress={create}>Create parameter group</Button>
							</ForAdministrators>
						}
					>
						A group holds the values that differ from Larder's defaults.
					</EmptyState>
				) : (
					<EmptyState
						icon={SearchX}
						title="No parameter group matches"
						action={
							<Button variant="outline" onPress={() => change({ search: null, family: null })}>
								Clear filters
							</Button>
						}
					/>
				)}
			</Panel>
			{params.get("dialog") === DIALOG && (
				<CreateGroupDialog onClose={() => change({ dialog: null })} />
			)}
		</>
	);
}
