"use client";

import { ReceiptText } from "lucide-react";
import type { CostItem, Costs } from "../../../server/contract/usage.ts";
import { engineName } from "../../_lib/engines.ts";
import { exactCount, formatCount } from "../../_lib/format/count.ts";
import { formatMoney } from "../../_lib/format/money.ts";
import { serverNow } from "../../_lib/server-clock.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { Chip } from "../../_ui/chip.tsx";
import { EmptyState } from "../../_ui/notices.tsx";
import { PageLink } from "../../_ui/page-link.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { Segmented } from "../../_ui/segmented.tsx";
import { SelectField } from "../../_ui/select-field.tsx";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { type Column, DataTable } from "../../_ui/table/data-table.tsx";
import { UsageBar } from "../../_ui/usage-bar.tsx";
import { costsInputs, GROUPINGS } from "./period.ts";

interface CostsByGroupProps {
	/** Undefined while they are loading. */
	costs: Costs | undefined;
	tagKeys: readonly string[];
}

/** What each cache, engine or tag's value costs in the period. */
export function CostsByGroup({ costs, tagKeys }: CostsByGroupProps) {
	const { params, change } = useUrlParams();
	const { asked, tagKey, groups } = costsInputs(params, serverNow());
	const choose = (by: string) =>
		change({
			by: by === "cache" ? null : by,
			tag: by === "tag" ? (tagKeys[0] ?? null) : null,
			sort: null,
		});
	return (
		<Panel
			title="Breakdown"
			flush
			aside={
				<div className="flex flex-wrap items-center gap-2">
					{asked === "tag" && tagKeys.length > 0 && (
						<SelectField
							label="Tag"
							hideLabel
							value={tagKey}
							options={tagKeys.map((key) => ({ value: key, label: key }))}
							onChange={(key) => change({ tag: key })}
							className="w-44"
						/>
					)}
					<Segmented label="Group by" value={asked} options={GROUPINGS} onChange={choose} />
				</div>
			}
		>
			{costs === undefined ? (
				<TableSkeleton label="Loading costs" rows={4} />
			) : asked === "tag" && tagKeys.length === 0 ? (
				<EmptyState icon={ReceiptText} title="No cache has tags">
					Add tags such as team or environment to caches to see what each of them costs.
				</EmptyState>
			) : costs.items.length === 0 ? (
				<EmptyState icon={ReceiptText} title="No costs in this period">
					The first figures appear about a minute after a cache is created.
				</EmptyState>
			) : (
				<div className="pt-2">
					<DataTable
						label={`Costs by ${groups.groupBy}`}
						columns={columnsOf(costs, groups.groupBy)}
						rows={costs.items}
						rowKey={({ key, deletedAt }) => `${key} ${deletedAt}`}
						sorting={{ by: "rows" }}
					/>
				</div>
			)}
		</Panel>
	);
}

function columnsOf(
	{ currency, total }: Costs,
	groupBy: "cache" | "engine" | "tag",
): readonly Column<CostItem>[] {
	const header = GROUPINGS.find(({ value }) => value === groupBy)?.label ?? "";
	return [
		{
			id: "key",
			header: groupBy === "tag" ? "Tag value" : header,
			lead: true,
			cell: (item) => <Key item={item} groupBy={groupBy} />,
			sortValue: ({ key }) => key ?? "",
		},
		{
			id: "stored",
			header: "Stored (GB-hours)",
			align: "end",
			cell: ({ dataStorageGbHours: gbHours }) => (
				<span title={`${exactCount(gbHours)} GB-hours`}>
					{gbHours > 0 && gbHours < 0.01 ? "< 0.01" : gbHours.toFixed(2)}
				</span>
			),
			sortValue: ({ dataStorageGbHours }) => dataStorageGbHours,
		},
		{
			id: "ecpus",
			header: "ECPUs",
			align: "end",
			cell: ({ ecpus }) => <span title={exactCount(ecpus)}>{formatCount(Math.round(ecpus))}</span>,
			sortValue: ({ ecpus }) => ecpus,
		},
		{
			id: "nodes",
			header: "Node-hours",
			align: "end",
			cell: ({ nodeHours }) => exactCount(Number(nodeHours.toFixed(1))),
			sortValue: ({ nodeHours }) => nodeHours,
		},
		{
			id: "share",
			header: "Share",
			cell: ({ key, cost }) => (
				<div className="w-24">
					<UsageBar label={`Share of ${key ?? "untagged caches"}`} used={cost} total={total} />
				</div>
			),
		},
		{
			id: "cost",
			header: "Cost",
			align: "end",
			cell: ({ cost }) => (
				<span className="font-semibold" title={`${exactCount(cost)} ${currency}`}>
					{formatMoney(cost, currency)}
				</span>
			),
			sortValue: ({ cost }) => cost,
		},
	];
}

function Key({ item, groupBy }: { item: CostItem; groupBy: "cache" | "engine" | "tag" }) {
	const { key, engine, deletedAt } = item;
	if (groupBy === "engine" && engine !== null) return engineName(engine);
	if (key === null) return <span className="text-muted">Not tagged</span>;
	if (groupBy === "tag") return <span className="font-semibold wrap-anywhere">{key}</span>;
	return (
		<span className="inline-flex flex-wrap items-center gap-2">
			{deletedAt === null ? (
				<PageLink
					href={`/caches/${key}`}
					className="font-semibold text-accent-soft-foreground hover:underline"
				>
					{key}
				</PageLink>
			) : (
				<>
					<span className="font-semibold">{key}</span>
					<Chip>deleted</Chip>
				</>
			)}
		</span>
	);
}
