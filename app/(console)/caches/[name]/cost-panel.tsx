"use client";

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { CacheCosts, CostEstimate } from "../../../../server/contract/usage.ts";
import { formatMoney } from "../../../_lib/format/money.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { PageLink } from "../../../_ui/page-link.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { BlockSkeleton } from "../../../_ui/skeletons.tsx";

const POLL_MS = 60_000;

/** What the cache costs, and what it would cost in other forms by what it has used. */
export function CostPanel({ name }: { name: string }) {
	const trpc = useTRPC();
	const { data, isError } = useQuery(
		trpc.costs.ofCache.queryOptions({ name }, { refetchInterval: POLL_MS }),
	);
	return (
		<Panel
			title="Cost"
			aside={
				<PageLink href="/costs" className="text-accent-soft-foreground hover:underline">
					All costs
				</PageLink>
			}
		>
			{data === undefined ? (
				isError ? (
					<p className="text-[0.8125rem] text-muted">Costs couldn't be loaded.</p>
				) : (
					<BlockSkeleton className="h-40" label="Loading costs" />
				)
			) : (
				<Costs costs={data} />
			)}
		</Panel>
	);
}

function Costs({ costs }: { costs: CacheCosts }) {
	const { currency, today, month, comparison } = costs;
	return (
		<>
			<dl className="flex flex-col gap-2.5">
				<Row label="Today">{formatMoney(today, currency)}</Row>
				<Row label="This month so far">{formatMoney(month.soFar, currency)}</Row>
				<Row label="Forecast for the month">
					{month.forecast === null ? (
						<span className="text-muted">Needs an hour of usage</span>
					) : (
						<span className="font-semibold">{formatMoney(month.forecast, currency)}</span>
					)}
				</Row>
			</dl>
			<h3 className="mt-4 border-t border-separator pt-3 text-[0.8125rem] font-semibold">
				What it would cost per month
			</h3>
			{comparison.reason === null ? (
				<Comparison comparison={comparison} currency={currency} />
			) : (
				<p className="mt-1 text-[0.8125rem] text-pretty text-muted">{comparison.reason}</p>
			)}
		</>
	);
}

function Row({ label, children }: { label: string; children: ReactNode }) {
	return (
		<div className="flex flex-wrap items-baseline justify-between gap-x-3">
			<dt className="text-muted">{label}</dt>
			<dd className="tabular-nums">{children}</dd>
		</div>
	);
}

function Comparison(props: { comparison: CacheCosts["comparison"]; currency: string }) {
	const { comparison, currency } = props;
	const { present, serverless, provisioned, aws, needs, sampleHours } = comparison;
	return (
		<>
			<dl className="mt-2 flex flex-col gap-2.5 text-[0.8125rem]">
				<Estimate label="As it is" estimate={present} currency={currency} />
				<Estimate label="Serverless" estimate={serverless} currency={currency} />
				<Estimate label="Smallest nodes that fit" estimate={provisioned} currency={currency} />
				<Estimate label="On AWS, as it is" estimate={aws} currency={aws?.currency ?? currency} />
			</dl>
			{needs !== null && <p className="mt-3 text-[0.8125rem] text-pretty">{needs}</p>}
			<p className="mt-2 text-xs text-muted">
				Based on {Math.floor(sampleHours).toLocaleString("en-US")} h of its own usage.
			</p>
		</>
	);
}

interface EstimateProps {
	label: string;
	estimate: CostEstimate | null;
	currency: string;
}

function Estimate({ label, estimate, currency }: EstimateProps) {
	return (
		<div className="flex flex-wrap items-baseline justify-between gap-x-3">
			<dt>{label}</dt>
			<dd className="font-semibold tabular-nums">
				{estimate === null ? (
					<span className="font-normal text-muted">–</span>
				) : (
					formatMoney(estimate.monthlyCost, currency)
				)}
			</dd>
			{estimate !== null && (
				<dd className="w-full text-xs text-pretty text-muted">{estimate.what}</dd>
			)}
		</div>
	);
}
