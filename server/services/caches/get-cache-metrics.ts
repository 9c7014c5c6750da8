import type { CacheMetrics, MetricsRange } from "../../contract/index.ts";
import { METRIC_NAMES } from "../../contract/metrics.ts";
import { readSeries } from "../../data/metrics-store.ts";
import { chooseResolution, RANGE_SECONDS } from "../../domain/metrics/resolutions.ts";
import type { Resources } from "../context.ts";
import { findCache } from "./find-cache.ts";

/** One series a node over the range that ends now, at the finest resolution still kept for it. */
export async function getCacheMetrics(
	{ db, fleet, clock }: Resources,
	input: { name: string; range: MetricsRange },
): Promise<CacheMetrics> {
	const row = await findCache(db, input.name);
	const to = clock.now();
	const from = new Date(to.getTime() - RANGE_SECONDS[input.range] * 1000);
	const resolutionSeconds = chooseResolution(input.range);
	const nodes = row.shards.flatMap((shard) => shard.nodes);
	const samples = await readSeries(db, {
		nodeIds: nodes.map((node) => node.id),
		resolutionSeconds,
		from,
	});
	return {
		range: input.range,
		resolutionSeconds,
		from: from.toISOString(),
		to: to.toISOString(),
		nodes: nodes.map((node) => {
			const own = samples.filter((sample) => sample.nodeId === node.id);
			return {
				node: node.name,
				role: fleet.observation(node.id, node.observation)?.engineState?.role ?? null,
				at: own.map((sample) => sample.at.toISOString()),
				values: Object.fromEntries(
					METRIC_NAMES.map((metric) => [metric, own.map((sample) => sample[metric])]),
				),
			};
		}),
	};
}
