import { type Limits, limitsSchema, type Protocol } from "../contract/index.ts";
import type { CacheRow } from "./database.ts";

export function isServerless({ kind }: Pick<CacheRow, "kind">): boolean {
	return kind === "serverless";
}

/** Null for Memcached, which has no protocol to choose. */
export function protocolOf({
	engine,
	clusterMode,
}: Pick<CacheRow, "engine" | "clusterMode">): Protocol | null {
	if (engine === "memcached") return null;
	return clusterMode === "enabled" ? "cluster" : "standard";
}

export function limitsOf({ limits }: Pick<CacheRow, "limits">): Limits {
	return limitsSchema.parse(limits);
}

/** How many shards a serverless cache should have; for Memcached, how many nodes. */
export function partsWanted({ nodeCount, shardCount }: Pick<CacheRow, "nodeCount" | "shardCount">) {
	return nodeCount ?? shardCount;
}
