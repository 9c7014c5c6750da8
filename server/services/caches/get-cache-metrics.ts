import type { CacheMetrics, MetricsRange } from "../../contract/index.ts";
import { METRIC_NAMES } from "../../contract/metrics.ts";
import { allNodeRows, type FullCache } from "../../data/cache-mapping.ts";
import { shardName } from "../../data/cache-view.ts";
import { readSeries } from "../../data/metrics-store.ts";
import { chooseResolution, RANGE_SECONDS } from "../../domain/metrics/resolutions.ts";
import type { Resources } from "../context.ts";
import { findCache } from "./find-cache.ts";

const COLUMNS = [...METRIC_NAMES, "samples"] as const;

/**
 * One series per node over the range that ends now, or what is new since `since`, at the finest resolution still kept. A
 * node that has moved has a series for each place.
 */
export async function getCacheMetrics(
	{ db, fleet, clock }: Resources,
	input: { name: string; range: MetricsRange; since?: string | undefined },
): Promise<CacheMetrics> {
	const row = await findCache(db, input.name);
	const to = clock.now();
	const from = new Date(to.getTime() - RANGE_SECONDS[input.range] * 1000);
	const resolutionSeconds = chooseResolution(input.range);
	const nodes = [...presentNodes(row, fleet), ...(await departedNodes(db, row, from))];
	const samples = await readSeries(db, {
		nodeIds: nodes.map((node) => node.id),
		resolutionSeconds,
		from:
			input.since === undefined
				? from
				: new Date(Math.max(from.getTime(), Date.parse(input.since))),
	});
	return {
		range: input.range,
		resolutionSeconds,
		from: from.toISOString(),
		to: to.toISOString(),
		nodes: nodes.map((node) => {
			const own = samples.filter((sample) => sample.nodeId === node.id);
			return {
				...node,
				at: own.map((sample) => sample.at.toISOString()),
				values: Object.fromEntries(
					COLUMNS.map((column) => [column, own.map((sample) => sample[column])]),
				),
			};
		}),
	};
}

type SeriesNode = Omit<CacheMetrics["nodes"][number], "at" | "values">;

/** A node that will replace another comes after it. */
function presentNodes(row: FullCache, fleet: Resources["fleet"]): SeriesNode[] {
	const present = new Set(allNodeRows(row));
	return row.shards.flatMap((shard) =>
		shard.nodes
			.filter((node) => present.has(node))
			.sort((a, b) => Number(a.replacesNodeId !== null) - Number(b.replacesNodeId !== null))
			.map((node) => ({
				id: node.id,
				node: node.name,
				shard: shardName(shard.index),
				role: fleet.observation(node.id, node.observation)?.engineState?.role ?? null,
				leftAt: null,
			})),
	);
}

/** Nodes that belonged to the cache for part of the range. */
async function departedNodes(
	db: Resources["db"],
	row: FullCache,
	from: Date,
): Promise<SeriesNode[]> {
	const departed = await db.departedNode.findMany({
		where: { cacheId: row.id, leftAt: { gte: from } },
		orderBy: [{ leftAt: "asc" }, { id: "asc" }],
	});
	return departed.map(({ id, name, shardIndex, leftAt }) => ({
		id,
		node: name,
		shard: shardName(shardIndex),
		role: null,
		leftAt: leftAt.toISOString(),
	}));
}
