import type { Cache } from "../../../../server/contract/cache-view.ts";
import type { CacheMetrics, NodeMetrics } from "../../../../server/contract/metrics.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { formatCount, formatPercent } from "../../../_lib/format/count.ts";
import {
	byNode,
	type ChartData,
	highest,
	ofShard,
	overall,
	readHitRate,
	reading,
	shareOf,
	sideBySide,
	sum,
	sumOfShards,
} from "../../../_ui/charts/series.ts";

/** How a metric of several nodes becomes one number. */
type Combination =
	| { kind: "sum" | "highest" | "data"; metric: keyof NodeMetrics }
	| { kind: "hit-rate" };

interface Metric {
	title: string;
	combination: Combination;
	format: (value: number) => string;
	isBinary?: boolean;
	maxValue?: number;
}

const perSecond = (value: number) => `${formatCount(value)}/s`;
const total = (metric: keyof NodeMetrics): Combination => ({ kind: "sum", metric });
const ofData = (metric: keyof NodeMetrics): Combination => ({ kind: "data", metric });
const most = (metric: keyof NodeMetrics): Combination => ({ kind: "highest", metric });

const METRICS: readonly Metric[] = [
	{ title: "Requests", combination: total("opsPerSecond"), format: perSecond },
	{
		title: "Memory used",
		combination: ofData("memoryUsedBytes"),
		format: formatBytes,
		isBinary: true,
	},
	{ title: "Hit rate", combination: { kind: "hit-rate" }, format: formatPercent, maxValue: 1 },
	{ title: "Clients", combination: total("clients"), format: formatCount },
	{
		title: "Engine CPU, of one core",
		combination: most("cpuPercent"),
		format: (percent) => formatPercent(percent / 100),
	},
	{ title: "Keys", combination: ofData("keys"), format: formatCount },
	{ title: "Hits", combination: total("hitsPerSecond"), format: perSecond },
	{ title: "Misses", combination: total("missesPerSecond"), format: perSecond },
	{ title: "Evictions", combination: total("evictionsPerSecond"), format: perSecond },
	{
		title: "Replication lag",
		combination: most("replicationLagBytes"),
		format: formatBytes,
		isBinary: true,
	},
];

/** People can't tell more lines than this apart. */
export const LINES_AT_MOST = 12;

export interface MetricView {
	id: string;
	label: string;
}

const WHOLE = { id: "whole", label: "Whole cache" };
const BY_SHARD = { id: "by-shard", label: "By shard" };
const BY_NODE = { id: "by-node", label: "By node" };

/** The views to choose from; the first is the default. */
export function metricViews(cache: Cache): readonly MetricView[] {
	const shards = cache.shards.map((shard, index) => ({
		id: `shard-${index + 1}`,
		label: `Shard ${index + 1}, by node`,
		nodes: shard.nodes.length,
	}));
	const hasShards = cache.clusterMode === "enabled" && shards.length > 1;
	const isFew = cache.nodeCount <= LINES_AT_MOST;
	if (cache.kind === "serverless") return [WHOLE, ...(isFew ? [BY_NODE] : [])];
	return [
		...(cache.nodeCount <= 3 ? [BY_NODE, WHOLE] : [WHOLE]),
		...(hasShards && shards.length <= LINES_AT_MOST ? [BY_SHARD] : []),
		...(cache.nodeCount > 3 && isFew ? [BY_NODE] : []),
		...(hasShards ? shards : []),
	];
}

function combine(metrics: CacheMetrics, label: string, how: Combination, engine: Cache["engine"]) {
	if (how.kind === "hit-rate") {
		return shareOf(
			label,
			overall(metrics, label, reading("hitsPerSecond"), sum),
			overall(metrics, label, reading("missesPerSecond"), sum),
		);
	}
	// Memcached's nodes hold different data, all in one shard.
	const held = engine === "memcached" ? sum : sumOfShards;
	const by = { sum, highest, data: held }[how.kind];
	return overall(metrics, label, reading(how.metric), by);
}

function lineEach(metrics: CacheMetrics, how: Combination): ChartData {
	return byNode(metrics, how.kind === "hit-rate" ? readHitRate : reading(how.metric));
}

/** The charts of one view. */
export function metricCharts(cache: Cache, metrics: CacheMetrics, view: string) {
	const draw = ({ title, combination }: Metric): ChartData => {
		if (view === BY_NODE.id) return lineEach(metrics, combination);
		if (view === BY_SHARD.id) {
			return sideBySide(
				cache.shards.map(({ id }, index) =>
					combine(ofShard(metrics, id), `Shard ${index + 1}`, combination, cache.engine),
				),
			);
		}
		const shard = cache.shards[Number(/^shard-(\d+)$/.exec(view)?.[1]) - 1];
		if (shard !== undefined) return lineEach(ofShard(metrics, shard.id), combination);
		return combine(metrics, title, combination, cache.engine);
	};
	// How a serverless cache's replicas keep up concerns its operators alone.
	const hasReplicas =
		cache.replicasPerShard > 0 && (cache.kind === "provisioned" || view === BY_NODE.id);
	return METRICS.filter(({ title }) => hasReplicas || title !== "Replication lag").map(
		({ combination, ...chart }) => ({ ...chart, data: draw({ ...chart, combination }) }),
	);
}
