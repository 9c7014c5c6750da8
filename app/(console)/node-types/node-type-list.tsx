"use client";

import { Button } from "@heroui/react";
import { MemoryStick, Plus, Trash2 } from "lucide-react";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { NodeType } from "../../../server/contract/node-type.ts";
import { formatCount } from "../../_lib/format/count.ts";
import { formatMoney, monthlyCost } from "../../_lib/format/money.ts";
import { useNodeTypes, useRateCard } from "../../_lib/queries.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { CountedTitle } from "../../_ui/counted-title.tsx";
import { ForAdministrators } from "../../_ui/for-administrators.tsx";
import { EmptyState, ProblemState } from "../../_ui/notices.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { Bytes } from "../../_ui/quantity.tsx";
import { Segmented } from "../../_ui/segmented.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { type Column, DataTable } from "../../_ui/table/data-table.tsx";
import { DeleteNodeTypeDialog } from "./delete-node-type-dialog.tsx";
import { byFamily } from "./family-label.ts";

const CreateNodeTypeDialog = dynamic(
	async () => (await import("./create-node-type-dialog.tsx")).CreateNodeTypeDialog,
);

const DIALOG = "create";
const HEAD = PAGE_HEADS["/node-types"];
const OWN = "own";
const ALL = "all";

function columns(currency: string | undefined): readonly Column<NodeType>[] {
	const cost = (amount: number) => currency !== undefined && formatMoney(amount, currency);
	return [
		{
			id: "name",
			header: "Node type",
			lead: true,
			cell: (type) => <span className="font-semibold">{type.name}</span>,
		},
		{ id: "vcpus", header: "vCPU", align: "end", cell: (type) => type.vcpus },
		{
			id: "cpu",
			header: "Assigned CPUs",
			align: "end",
			cell: (type) => (
				<span title={`${type.cpuMillis} thousandths of a CPU`}>
					{formatCount(type.cpuMillis / 1_000)}
				</span>
			),
		},
		{
			id: "memory",
			header: "Memory",
			align: "end",
			cell: (type) => <Bytes value={type.memoryBytes} />,
		},
		{
			id: "usable",
			header: "For data",
			align: "end",
			cell: (type) => <Bytes value={type.usableMemoryBytes} />,
		},
		{ id: "hour", header: "Cost / hour", align: "end", cell: (type) => cost(type.hourlyCost) },
		{
			id: "month",
			header: "Cost / month",
			align: "end",
			cell: (type) => cost(monthlyCost(type.hourlyCost)),
		},
	];
}

/** The catalog by family, and the operators' own types. */
export function NodeTypeList() {
	const { params, change } = useUrlParams();
	const nodeTypes = useNodeTypes();
	const { data: rateCard } = useRateCard();
	const [deleting, setDeleting] = useState<NodeType | null>(null);
	const shown = params.get("show") === OWN ? OWN : ALL;
	const items = nodeTypes.data?.items ?? [];
	const families = byFamily(items.filter(({ custom }) => shown === ALL || custom));
	const create = () => change({ dialog: DIALOG });
	const allColumns: readonly Column<NodeType>[] = [
		...columns(rateCard?.currency),
		{
			id: "actions",
			header: "Actions",
			hideHeader: true,
			bare: true,
			align: "end",
			cell: (type) =>
				type.custom && (
					<ForAdministrators>
						<Button
							size="sm"
							variant="ghost"
							isIconOnly
							aria-label={`Delete ${type.name}`}
							onPress={() => setDeleting(type)}
						>
							<Trash2 aria-hidden />
						</Button>
					</ForAdministrators>
				),
		},
	];
	return (
		<>
			<PageHeader
				crumbs={[{ label: HEAD.title }]}
				title={
					<CountedTitle title={HEAD.title} count={nodeTypes.isSuccess ? items.length : undefined} />
				}
				description={
					rateCard === undefined
						? HEAD.description
						: `${HEAD.description} Costs are those of a Redis OSS or Memcached node; a Valkey node costs ${Number((rateCard.engines.valkey.nodePriceFactor * 100).toFixed(1))}% of that.`
				}
				actions={
					<ForAdministrators>
						<Button onPress={create}>
							<Plus aria-hidden />
							Create node type
						</Button>
					</ForAdministrators>
				}
			/>
			<div className="mb-3">
				<Segmented
					label="Shown"
					value={shown}
					options={[
						{ value: ALL, label: "All" },
						{ value: OWN, label: "Your own" },
					]}
					onChange={(value) => change({ show: value === ALL ? null : value })}
				/>
			</div>
			{nodeTypes.isPending && (
				<Panel flush>
					<TableSkeleton label="Loading node types" rows={8} />
				</Panel>
			)}
			{nodeTypes.isError && nodeTypes.data === undefined && (
				<Panel flush>
					<ProblemState
						title="Node types couldn't be loaded"
						error={nodeTypes.error}
						onRetry={() => void nodeTypes.refetch()}
					/>
				</Panel>
			)}
			{nodeTypes.isSuccess && families.length === 0 && (
				<Panel flush>
					<EmptyState
						icon={MemoryStick}
						title="No node types of your own"
						action={
							<ForAdministrators>
								<Button onPress={create}>Create node type</Button>
							</ForAdministrators>
						}
					>
						If no type in the catalog fits your hosts, create one, such as own.small with 256 MiB.
					</EmptyState>
				</Panel>
			)}
			<div className="flex flex-col gap-4">
				{families.map(([label, types]) => (
					<Panel key={label} title={label} flush>
						<DataTable
							label={label}
							columns={allColumns}
							isFixed
							rows={types}
							rowKey={(type) => type.name}
						/>
					</Panel>
				))}
			</div>
			{params.get("dialog") === DIALOG && (
				<CreateNodeTypeDialog onClose={() => change({ dialog: null })} />
			)}
			{deleting !== null && (
				<DeleteNodeTypeDialog type={deleting} onClose={() => setDeleting(null)} />
			)}
		</>
	);
}
