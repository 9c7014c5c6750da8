import type { z } from "zod";
import { cachePageSchema, cacheSchema, cacheSummarySchema } from "./cache-view.ts";

/** What Larder decides for a serverless cache, and changes with its load. */
const DECIDED_BY_LARDER = {
	...({ nodeType: true, clusterMode: true, shardCount: true, replicasPerShard: true } as const),
	...({ nodeCount: true, parameterGroup: true, lastFailover: true } as const),
} as const;

/** A cache as its users see it: a serverless one has no node type, no shards and no nodes. */
export const cacheInterfaceSchema = cacheSchema.partial({ ...DECIDED_BY_LARDER, shards: true });
export type CacheInterface = z.infer<typeof cacheInterfaceSchema>;

export const cacheSummaryInterfaceSchema = cacheSummarySchema.partial(DECIDED_BY_LARDER);

export const cachePageInterfaceSchema = cachePageSchema.extend({
	items: cacheSummaryInterfaceSchema.array(),
});

/** What Larder runs for a cache of any kind. */
export const cacheNodesSchema = cacheSchema.pick({ ...DECIDED_BY_LARDER, shards: true });

/** Leaves out of a serverless cache what Larder decides. */
export function cacheInterface<
	T extends CacheInterface | z.infer<typeof cacheSummaryInterfaceSchema>,
>(cache: T): T {
	if (cache.kind === "provisioned") return cache;
	const { endpoints } = cache;
	const { names } = endpoints;
	const kept = Object.entries(cache).filter(
		([field]) => !(field in DECIDED_BY_LARDER) && field !== "shards",
	);
	return {
		...(Object.fromEntries(kept) as T),
		endpoints: { ...endpoints, nodes: [], names: names && { ...names, nodes: [] } },
	};
}
