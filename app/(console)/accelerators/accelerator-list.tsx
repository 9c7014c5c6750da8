"use client";

import { Button } from "@heroui/react";
import { useQuery } from "@tanstack/react-query";
import { Plus, Zap } from "lucide-react";
import dynamic from "next/dynamic";
import type { AcceleratorView } from "../../../server/contract/accelerator.ts";
import { formatPercent } from "../../_lib/format/count.ts";
import { formatMoney } from "../../_lib/format/money.ts";
import { BUSY_POLL_MS, CALM_POLL_MS } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { AddressText } from "../../_ui/address-text.tsx";
import { CountedTitle } from "../../_ui/counted-title.tsx";
import { ForAdministrators } from "../../_ui/for-administrators.tsx";
import { EmptyState, ProblemBanner, ProblemState } from "../../_ui/notices.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { PageLink } from "../../_ui/page-link.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { Count } from "../../_ui/quantity.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { Status } from "../../_ui/status.tsx";
import { type Column, DataTable } from "../../_ui/table/data-table.tsx";
import { NameCell } from "../../_ui/table/name-cell.tsx";
import { acceleratorPath, endpointText } from "./accelerator-words.ts";

const CreateAcceleratorDialog = dynamic(
	async () => (await import("./create-accelerator-dialog.tsx")).CreateAcceleratorDialog,
);

const DIALOG = "create";
const HEAD = PAGE_HEADS["/accelerators"];

const COLUMNS: readonly Column<AcceleratorView>[] = [
	{
		id: "name",
		header: "Accelerator",
		lead: true,
		cell: ({ name, upstream }) => (
			<NameCell name={name} href={acceleratorPath(name)} description={upstream.endpoint} />
		),
	},
	{ id: "status", header: "Status", cell: ({ status }) => <Status status={status} /> },
	{
		id: "endpoint",
		header: "Endpoint",
		cell: (accelerator) => (
			<code className="font-mono text-xs">
				<AddressText>{endpointText(accelerator) ?? "–"}</AddressText>
			</code>
		),
	},
	{
		id: "cache",
		header: "Cache",
		cell: ({ cache }) => (
			<PageLink href={`/caches/${cache}`} className="hover:underline">
				{cache}
			</PageLink>
		),
	},
	{
		id: "hits",
		header: "Hit rate",
		align: "end",
		cell: ({ metrics }) => (metrics.hitRate === null ? "–" : formatPercent(metrics.hitRate)),
	},
	{
		id: "saved",
		header: "Calls saved",
		align: "end",
		cell: ({ metrics }) => <Count value={metrics.upstreamCallsSaved} />,
	},
	{
		id: "money",
		header: "Saved",
		align: "end",
		cell: ({ metrics }) => formatMoney(metrics.moneySaved, metrics.currency),
	},
];

export function AcceleratorList() {
	const trpc = useTRPC();
	const { params, change } = useUrlParams();
	const query = useQuery(
		trpc.accelerators.list.queryOptions(undefined, {
			refetchInterval: ({ state }) =>
				state.data?.items.some(({ status }) => status === "creating") === true
					? BUSY_POLL_MS
					: CALM_POLL_MS,
		}),
	);
	const items = query.data?.items ?? [];
	const create = (
		<ForAdministrators>
			<Button onPress={() => change({ dialog: DIALOG })}>
				<Plus aria-hidden />
				Create accelerator
			</Button>
		</ForAdministrators>
	);
	return (
		<>
			<PageHeader
				crumbs={[{ label: HEAD.title }]}
				title={
					<CountedTitle title={HEAD.title} count={query.isSuccess ? items.length : undefined} />
				}
				description={HEAD.description}
				actions={create}
			/>
			{query.isError && query.data !== undefined && (
				<div className="mb-4">
					<ProblemBanner title="The list isn't up to date" error={query.error} />
				</div>
			)}
			<Panel flush>
				{query.isPending && <TableSkeleton label="Loading accelerators" rows={3} />}
				{query.isError && query.data === undefined && (
					<ProblemState
						title="Accelerators couldn't be loaded"
						error={query.error}
						onRetry={() => void query.refetch()}
					/>
				)}
				{query.data !== undefined && items.length === 0 && (
					<EmptyState icon={Zap} title="No accelerators" action={create}>
						An accelerator answers DynamoDB's own protocol from one of your caches. Applications
						change their endpoint and nothing else.
					</EmptyState>
				)}
				{items.length > 0 && (
					<DataTable
						label="Accelerators"
						columns={COLUMNS}
						rows={items}
						rowKey={({ name }) => name}
					/>
				)}
			</Panel>
			{params.get("dialog") === DIALOG && (
				<CreateAcceleratorDialog onClose={() => change({ dialog: null })} />
			)}
		</>
	);
}
