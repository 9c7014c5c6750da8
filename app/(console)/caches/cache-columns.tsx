import Link from "next/link";
import type { CacheSummary, Endpoint as EndpointAddress } from "../../../server/contract/cache.ts";
import { engineName } from "../../_lib/engines.ts";
import { formatPercent } from "../../_lib/format/count.ts";
import { formatMoney, monthlyCost } from "../../_lib/format/money.ts";
import { CopyButton } from "../../_ui/copy-button.tsx";
import type { Column } from "../../_ui/data-table.tsx";
import { Bytes, Count } from "../../_ui/quantity.tsx";
import { Status } from "../../_ui/status.tsx";
import { Time } from "../../_ui/time.tsx";
import { UsageBar } from "../../_ui/usage-bar.tsx";
import { MultiAzStatus } from "./multi-az-status.tsx";
import { topologyWords } from "./topology-words.ts";

function Endpoint({ cache, endpoint }: { cache: CacheSummary; endpoint: EndpointAddress }) {
	const address = `${endpoint.host}:${endpoint.port}`;
	return (
		<span className="inline-flex items-center gap-1 whitespace-nowrap">
			<code className="font-mono text-xs">{address}</code>
			<CopyButton text={address} label={`Copy endpoint of ${cache.name}`} />
		</span>
	);
}

function Memory({ cache, usedBytes }: { cache: CacheSummary; usedBytes: number }) {
	return (
		<span className="inline-flex w-32 flex-col gap-1 text-left text-[0.8125rem]">
			<span className="whitespace-nowrap">
				<Bytes value={usedBytes} />
				<span className="text-muted">
					{" of "}
					<Bytes value={cache.memoryMaxBytes} />
				</span>
			</span>
			<UsageBar
				label={`Memory of ${cache.name}`}
				used={usedBytes}
				total={cache.memoryMaxBytes}
				tone="auto"
			/>
		</span>
	);
}

const COLUMNS: readonly Column<CacheSummary>[] = [
	{
		id: "name",
		header: "Name",
		lead: true,
		cell: (cache) => (
			<span className="flex min-w-0 flex-col">
				<Link href={`/caches/${cache.name}`} className="w-fit font-semibold hover:underline">
					{cache.name}
				</Link>
				{cache.description !== "" && (
					<span
						title={cache.description}
						className="max-w-56 truncate text-xs font-normal text-muted"
					>
						{cache.description}
					</span>
				)}
			</span>
		),
	},
	{
		id: "status",
		header: "Status",
		cell: (cache) => (
			<span className="cell-stack inline-flex min-w-0 flex-col gap-0.5">
				<Status status={cache.status} />
				{cache.statusReason !== null && cache.status !== "available" && (
					<span className="line-clamp-2 max-w-52 text-xs text-muted" title={cache.statusReason}>
						{cache.statusReason}
					</span>
				)}
			</span>
		),
	},
	{
		id: "engine",
		header: "Engine",
		cell: (cache) => (
			<span className="whitespace-nowrap">
				{engineName(cache.engine)} {cache.engineVersion}
			</span>
		),
	},
	{
		id: "topology",
		header: "Topology",
		cell: (cache) => (
			<span className="cell-stack inline-flex flex-col whitespace-nowrap">
				{topologyWords(cache)}
				{cache.multiAzStatus !== "disabled" && (
					<span className="flex items-center gap-1.5 text-xs text-muted">
						Multi-AZ
						{cache.multiAzStatus === "degraded" && <MultiAzStatus cache={cache} />}
					</span>
				)}
			</span>
		),
	},
	{
		id: "endpoint",
		header: "Endpoint",
		cell: (cache) => {
			const endpoint = cache.endpoints.configuration ?? cache.endpoints.primary;
			return endpoint !== null && <Endpoint cache={cache} endpoint={endpoint} />;
		},
	},
	{
		id: "memory",
		header: "Memory",
		cell: (cache) =>
			cache.memoryUsedBytes !== null && <Memory cache={cache} usedBytes={cache.memoryUsedBytes} />,
	},
	{
		id: "ops",
		header: "Ops/s",
		align: "end",
		cell: (cache) => cache.opsPerSecond !== null && <Count value={cache.opsPerSecond} />,
	},
	{
		id: "hit-rate",
		header: "Hit rate",
		align: "end",
		cell: (cache) => cache.hitRate !== null && formatPercent(cache.hitRate),
	},
	{
		id: "created",
		header: "Created",
		align: "end",
		cell: (cache) => <Time value={cache.createdAt} look="relative" />,
	},
];

/** With what each cache costs, once the rate card is known. */
export function cacheColumns(currency: string | undefined): readonly Column<CacheSummary>[] {
	if (currency === undefined) return COLUMNS;
	return [
		...COLUMNS,
		{
			id: "cost",
			header: "Cost / month",
			align: "end",
			cell: (cache) => (
				<span
					className="tabular-nums"
					title={`${formatMoney(cache.hourlyCost, currency)} an hour by your rate card`}
				>
					{formatMoney(monthlyCost(cache.hourlyCost), currency)}
				</span>
			),
		},
	];
}
