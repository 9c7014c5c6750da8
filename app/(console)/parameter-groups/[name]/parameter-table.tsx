"use client";

import { Button } from "@heroui/react";
import { Pencil, RotateCcw, SearchX } from "lucide-react";
import { useState } from "react";
import type { Parameter, ParameterGroup } from "../../../../server/contract/parameter-group.ts";
import { useUrlParams } from "../../../_lib/use-url-params.ts";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { EmptyState } from "../../../_ui/notices.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { SearchBox } from "../../../_ui/search-box.tsx";
import { Segmented } from "../../../_ui/segmented.tsx";
import { type Column, DataTable } from "../../../_ui/table/data-table.tsx";
import { PARAMETER_COLUMNS, searchParameters } from "../parameter-columns.tsx";
import { ParameterEditor } from "./parameter-editor.tsx";
import { useGroupChange } from "./use-group-change.ts";

const SHOWN = [
	{ value: "all", label: "All" },
	{ value: "user", label: "Set here" },
] as const;

/** The group's values. Modifiable ones can be edited in place, one at a time. */
export function ParameterTable({ group }: { group: ParameterGroup }) {
	const { params, change } = useUrlParams();
	const [editing, setEditing] = useState<string | null>(null);
	const { reset } = useGroupChange(group.name);
	const search = params.get("search") ?? "";
	const source = params.get("source") === "user" ? "user" : "all";
	const rows = searchParameters(group.parameters, search).filter(
		(parameter) => source === "all" || parameter.source === "user",
	);
	const columns = PARAMETER_COLUMNS.map(
		(column): Column<Parameter> =>
			column.id === "value"
				? {
						...column,
						cell: (parameter) =>
							editing === parameter.name ? (
								<ParameterEditor
									group={group.name}
									parameter={parameter}
									onClose={() => setEditing(null)}
								/>
							) : (
								column.cell(parameter)
							),
					}
				: column,
	);
	const actions: Column<Parameter> = {
		id: "actions",
		header: "Actions",
		hideHeader: true,
		bare: true,
		align: "end",
		cell: (parameter) =>
			editing === parameter.name ? null : parameter.modifiable ? (
				<ForAdministrators>
					<span className="inline-flex gap-1">
						{parameter.source === "user" && (
							<Button
								size="sm"
								variant="ghost"
								isIconOnly
								aria-label={`Reset ${parameter.name}`}
								isPending={reset.isPending && reset.variables.parameters?.[0] === parameter.name}
								onPress={() => reset.mutate({ name: group.name, parameters: [parameter.name] })}
							>
								<RotateCcw aria-hidden />
							</Button>
						)}
						<Button
							size="sm"
							variant="ghost"
							isIconOnly
							aria-label={`Edit ${parameter.name}`}
							onPress={() => setEditing(parameter.name)}
						>
							<Pencil aria-hidden />
						</Button>
					</span>
				</ForAdministrators>
			) : (
				<span className="text-xs text-muted">Fixed</span>
			),
	};
	return (
		<>
			<search className="mb-3 flex flex-wrap items-center gap-2">
				<SearchBox
					label="Search parameters"
					value={search}
					onChange={(text) => change({ search: text })}
					className="min-w-0 flex-1 basis-56 sm:max-w-sm"
				/>
				<Segmented
					label="Shown"
					value={source}
					options={SHOWN}
					onChange={(value) => change({ source: value === "all" ? null : value })}
				/>
			</search>
			<Panel flush>
				{rows.length === 0 ? (
					<EmptyState
						icon={SearchX}
						title={
							source === "user" && search === ""
								? "No values have been changed"
								: "No parameter matches"
						}
						action={
							<Button variant="outline" onPress={() => change({ search: null, source: null })}>
								Show all
							</Button>
						}
					/>
				) : (
					<DataTable
						label={`Parameters of ${group.name}`}
						columns={group.isDefault ? columns : [...columns, actions]}
						rows={rows}
						rowKey={(parameter) => parameter.name}
					/>
				)}
			</Panel>
		</>
	);
}
