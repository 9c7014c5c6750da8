import { type Cache, type CacheInterface, cacheSchema } from "../../../server/contract/index.ts";
import type { ApiClient } from "../../api/client.ts";

/** A cache with what Larder runs for it, which the API keeps apart for a serverless one. */
export async function withNodes(api: ApiClient, cache: CacheInterface): Promise<Cache> {
	if (cache.shards !== undefined) return cacheSchema.parse(cache);
	const path = `/caches/${encodeURIComponent(cache.name)}/nodes`;
	return cacheSchema.parse({ ...cache, ...Object(await api.call({ method: "GET", path })) });
}
