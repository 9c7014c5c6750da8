"use client";

import { Button } from "@heroui/react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Download, ReceiptText } from "lucide-react";
import dynamic from "next/dynamic";
import { COST_COLUMNS } from "../../../server/contract/cost-columns.ts";
import { toCsv } from "../../../server/contract/csv.ts";
import type { Costs } from "../../../server/contract/usage.ts";
import { formatMoney } from "../../_lib/format/money.ts";
import { serverNow } from "../../_lib/server-clock.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { ProblemState } from "../../_ui/notices.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { Segmented } from "../../_ui/segmented.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { BlockSkeleton } from "../../_ui/skeletons.tsx";
import { CostsByGroup } from "./costs-by-group.tsx";
import { DayChart } from "./day-chart.tsx";
import { costsInputs, daysOf, PERIODS } from "./period.ts";

const RateCardDialog = dynamic(async () => (await import("./rate-card-dialog.tsx")).RateCardDialog);

const HEAD = PAGE_HEADS["/costs"];
const DIALOG = "rate-card";
const POLL_MS = 60_000;

/** What all caches cost: this month and its forecast, by day, and by cache, engine or tag. */
export function CostsPage() {
	const trpc = useTRPC();
	const { params, change } = useUrlParams();
	const now = serverNow();
	const { period, groups, days } = costsInputs(params, now);
	const options = { refetchInterval: POLL_MS, placeholderData: keepPreviousData };
	const byGroup = useQuery(trpc.costs.get.queryOptions(groups, options));
	const byDay = useQuery(trpc.costs.get.queryOptions(days, options));
	const costs = byGroup.data;
	// What was loaded before belongs to another period or group, except for the figures and the tags' keys.
	const grouped = byGroup.isPlaceholderData ? undefined : costs;
	const daily = byDay.isPlaceholderData ? undefined : byDay.data;
	return (
		<>
			<PageHeader
				crumbs={[{ label: HEAD.title }]}
				{...HEAD}
				actions={
					<>
						<Button variant="outline" onPress={() => change({ dialog: DIALOG })}>
							<ReceiptText aria-hidden />
							Rate card
						</Button>
						<Button
							variant="outline"
							isDisabled={grouped === undefined || grouped.items.length === 0}
							onPress={() => grouped !== undefined && download(grouped, groups.groupBy)}
						>
							<Download aria-hidden />
							Download CSV
						</Button>
					</>
				}
			/>
			{byGroup.isError && costs === undefined ? (
				<Panel flush>
					<ProblemState
						title="Costs couldn't be loaded"
						error={byGroup.error}
						onRetry={() => void byGroup.refetch()}
					/>
				</Panel>
			) : (
				<div className="flex flex-col gap-4">
					<Figures costs={costs} now={now} />
					<Panel
						title="By day"
						aside={
							<Segmented
								label="Period"
								value={period}
								options={PERIODS}
								onChange={(value) => change({ period: value === "month" ? null : value })}
							/>
						}
					>
						{byDay.isError && daily === undefined ? (
							<ProblemState
								title="Costs by day couldn't be loaded"
								error={byDay.error}
								onRetry={() => void byDay.refetch()}
							/>
						) : daily === undefined ? (
							<BlockSkeleton className="h-52" label="Loading costs by day" />
						) : (
							<DayChart costs={daily} days={daysOf(period, now)} now={now} />
						)}
					</Panel>
					<CostsByGroup costs={grouped} tagKeys={costs?.tagKeys ?? []} />
				</div>
			)}
			{params.get("dialog") === DIALOG && (
				<RateCardDialog onClose={() => change({ dialog: null })} />
			)}
		</>
	);
}

function Figures({ costs, now }: { costs: Costs | undefined; now: number }) {
	if (costs === undefined) return <BlockSkeleton className="h-24" label="Loading costs" />;
	const { month, today, currency } = costs;
	const name = new Date(now).toLocaleDateString("en-US", { month: "long", timeZone: "UTC" });
	return (
		<dl className="grid gap-3 sm:grid-cols-3">
			<Figure label="Today" value={formatMoney(today, currency)} hint="Since midnight UTC" />
			<Figure
				label={`${name} so far`}
				value={formatMoney(month.soFar, currency)}
				hint="All caches, deleted ones included"
			/>
			<Figure
				label={`Forecast for ${name}`}
				value={month.forecast === null ? "–" : formatMoney(month.forecast, currency)}
				hint={
					month.forecast === null
						? "Needs an hour of usage"
						: "If usage continues as in the last 24 hours"
				}
			/>
		</dl>
	);
}

function Figure({ label, value, hint }: { label: string; value: string; hint: string }) {
	return (
		<div className="rounded-xl border border-border bg-surface px-4 py-3 shadow-panel">
			<dt className="text-[0.8125rem] text-muted">{label}</dt>
			<dd className="mt-0.5 text-[1.375rem] leading-8 font-semibold tracking-[-0.015em] tabular-nums">
				{value}
			</dd>
			<dd className="text-xs text-muted">{hint}</dd>
		</div>
	);
}

function download({ items, from, to }: Costs, groupBy: string): void {
	const url = URL.createObjectURL(new Blob([toCsv(COST_COLUMNS, items)], { type: "text/csv" }));
	const link = document.createElement("a");
	link.href = url;
	link.download = `larder-costs-by-${groupBy}-${from.slice(0, 10)}-${to.slice(0, 10)}.csv`;
	link.click();
	URL.revokeObjectURL(url);
}
