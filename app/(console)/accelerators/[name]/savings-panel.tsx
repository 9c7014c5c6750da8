import type { AcceleratorMetrics } from "../../../../server/contract/accelerator.ts";
import { exactCount, formatPercent } from "../../../_lib/format/count.ts";
import { formatMoney } from "../../../_lib/format/money.ts";
import { Facts } from "../../../_ui/facts.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { Count } from "../../../_ui/quantity.tsx";

/** What the accelerator has done and saved since it was created. */
export function SavingsPanel({ metrics }: { metrics: AcceleratorMetrics }) {
	const { hitRate, latencyMs } = metrics;
	return (
		<Panel title="Since it was created" aside="A few seconds old at most">
			<Facts
				facts={[
					["Hit rate", hitRate === null ? "–" : formatPercent(hitRate)],
					["Calls saved", <Count key="saved" value={metrics.upstreamCallsSaved} />],
					["Calls to DynamoDB", <Count key="calls" value={metrics.upstreamCalls} />],
					[
						"Saved, by your rate card",
						`${formatMoney(metrics.moneySaved, metrics.currency)} for ${exactCount(metrics.readUnitsSaved)} read units`,
					],
					[
						"Items",
						<HitsAndMisses key="items" hits={metrics.itemHits} misses={metrics.itemMisses} />,
					],
					[
						"Queries and scans",
						<HitsAndMisses key="queries" hits={metrics.queryHits} misses={metrics.queryMisses} />,
					],
					["Writes", <Count key="writes" value={metrics.writes} />],
					["Passed on", <Count key="passed" value={metrics.passed} />],
					["Failed", <Count key="failed" value={metrics.failed} />],
					["Hits take", latencyText(latencyMs.hit)],
					["Misses take", latencyText(latencyMs.miss)],
					["Writes take", latencyText(latencyMs.write)],
				]}
			/>
		</Panel>
	);
}

function HitsAndMisses({ hits, misses }: { hits: number; misses: number }) {
	return (
		<>
			<Count value={hits} /> hits, <Count value={misses} /> misses
		</>
	);
}

function latencyText(latency: { p50: number; p99: number } | null): string {
	if (latency === null) return "–";
	return `${latency.p50.toFixed(2)} ms, 99th percentile ${latency.p99.toFixed(2)} ms`;
}
