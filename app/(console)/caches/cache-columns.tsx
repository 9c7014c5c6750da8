import type {
	CacheSummary,
	Endpoint as EndpointAddress,
} from "../../../server/contract/cache-view.ts";
import { engineName } from "../../_lib/engines.ts";
import { formatPercent } from "../../_lib/format/count.ts";
import { formatMoney, monthlyCost } from "../../_lib/format/money.ts";
import { CopyButton } from "../../_ui/copy-button.tsx";
import { Bytes, Count } from "../../_ui/quantity.tsx";
import { Status } from "../../_ui/status.tsx";
import type { Column } from "../../_ui/table/data-table.tsx";
import { NameCell } from "../../_ui/table/name-cell.tsx";
import { Time } from "../../_ui/time.tsx";
import { UsageBar } from "../../_ui/usage-bar.tsx";
import { MultiAzStatus } from "./multi-az-status.tsx";
import { formatGb, storageBytes } from "./serverless-words.ts";
import { topologyWords } from "./topology-words.ts";

function isServerless({ kind }: CacheSummary): boolean {
	return kind === "serverless";
}

function Endpoint({ cache, endpoint }: { cache: CacheSummary; endpoint: EndpointAddress }) {
	const address = `${endpoint.host}:${endpoint.port}`;
	return (
		<span className="inline-flex items-center gap-1 whitespace-nowrap">
			<code className="font-mono text-xs">{address}</code>
			<CopyButton text={address} label={`Copy endpoint of ${cache.name}`} />
		</span>
	);
}

/** What a serverless cache stores, out of its maximum, or else of what it has now. */
function Storage({ cache, usedBytes }: { cache: CacheSummary; usedBytes: number }) {
	const max = cache.limits?.dataStorageGb.max ?? null;
	return (
		<span className="inline-flex min-w-28 flex-col gap-1 text-left text-[0.8125rem]">
			<span className="whitespace-nowrap">
				<Bytes value={usedBytes} />
				<span className="text-muted">{max === null ? ", no maximum" : ` of ${formatGb(max)}`}</span>
			</span>
			{max !== null && (
				<UsageBar
					label={`Data storage of ${cache.name}`}
					used={usedBytes}
					total={storageBytes(max)}
					tone="auto"
				/>
			)}
		</span>
	);
}

function Memory({ cache, usedBytes }: { cache: CacheSummary; usedBytes: number }) {
	return (
		<span className="inline-flex min-w-28 flex-col gap-1 text-left text-[0.8125rem]">
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
		sortValue: (cache) => cache.name,
		cell: (cache) => (
			<NameCell name={cache.name} href={`/caches/${cache.name}`} description={cache.description} />
		),
	},
	{
		id: "status",
		header: "Status",
		sortValue: (cache) => cache.status,
		cell: (cache) => (
			<span className="cell-stack inline-flex min-w-0 flex-col gap-0.5">
				<Status status={cache.status} />
				{/* A serverless cache that can't grow says why while it is still available. */}
				{cache.statusReason !== null && (cache.status !== "available" || isServerless(cache)) && (
					<span className="line-clamp-2 max-w-52 text-xs text-muted" title={cache.statusReason}>
						{cache.statusReason}
					</span>
				)}
			</span>
		),
	},
	{
		id: "engine",
		header: "Engine and kind",
		sortValue: (cache) => `${cache.engine} ${cache.engineVersion}`,
		cell: (cache) => (
			<span className="cell-stack inline-flex flex-col whitespace-nowrap">
				{engineName(cache.engine)} {cache.engineVersion}
				<span className="flex items-center gap-1.5 text-xs text-muted">
					{topologyWords(cache)}
					{cache.multiAzStatus === "enabled" && " · Multi-AZ"}
					{cache.multiAzStatus === "degraded" && <MultiAzStatus cache={cache} />}
				</span>
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
		sortValue: (cache) => cache.memoryUsedBytes,
		cell: (cache) =>
			cache.memoryUsedBytes !== null &&
			(isServerless(cache) ? (
				<Storage cache={cache} usedBytes={cache.memoryUsedBytes} />
			) : (
				<Memory cache={cache} usedBytes={cache.memoryUsedBytes} />
			)),
	},
	{
		id: "ops",
		header: "Requests/s",
		align: "end",
		sortValue: (cache) => cache.opsPerSecond,
		cell: (cache) => cache.opsPerSecond !== null && <Count value={cache.opsPerSecond} />,
	},
	{
		id: "hit-rate",
		header: "Hit rate",
		align: "end",
		isExtra: true,
		sortValue: (cache) => cache.hitRate,
		cell: (cache) => cache.hitRate !== null && formatPercent(cache.hitRate),
	},
	{
		id: "created",
		header: "Created",
		align: "end",
		isExtra: true,
		sortValue: (cache) => cache.createdAt,
		cell: (cache) => <Time value={cache.createdAt} look="relative" />,
	},
];

/** The columns, with each cache's cost once the rate card is known. */
export function cacheColumns(currency: string | undefined): readonly Column<CacheSummary>[] {
	if (currency === undefined) return COLUMNS;
	return [
		...COLUMNS,
		{
			id: "cost",
			header: "Cost / month",
			align: "end",
			sortValue: ({ hourlyCost }) => hourlyCost,
			cell: ({ hourlyCost }) =>
				hourlyCost === null ? null : (
					<span
						className="tabular-nums"
						title={`${formatMoney(hourlyCost, currency)} an hour, from your rate card`}
					>
						{formatMoney(monthlyCost(hourlyCost), currency)}
					</span>
				),
		},
	];
}
