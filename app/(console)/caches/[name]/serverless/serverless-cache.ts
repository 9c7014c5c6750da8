import type { Cache } from "../../../../../server/contract/cache-view.ts";

type Serverless = "protocol" | "limits" | "usage" | "capacity" | "evictionPolicy";

/** A cache with what every serverless one has. */
export type ServerlessCache = Cache & {
	kind: "serverless";
} & { [Field in Serverless]: NonNullable<Cache[Field]> };

export function isServerless(cache: Cache): cache is ServerlessCache {
	return (
		cache.kind === "serverless" &&
		cache.protocol !== null &&
		cache.limits !== null &&
		cache.usage !== null &&
		cache.capacity !== null &&
		cache.evictionPolicy !== null
	);
}
