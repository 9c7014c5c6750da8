import type { Cache } from "../../../../../server/contract/cache-view.ts";

type Serverless = "limits" | "usage" | "capacity";

/** A cache with what every serverless one has. Memcached has neither protocol nor eviction policy. */
export type ServerlessCache = Cache & {
	kind: "serverless";
} & { [Field in Serverless]: NonNullable<Cache[Field]> };

export function isServerless(cache: Cache): cache is ServerlessCache {
	return (
		cache.kind === "serverless" &&
		cache.limits !== null &&
		cache.usage !== null &&
		cache.capacity !== null
	);
}
