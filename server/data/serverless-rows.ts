import { type Limits, limitsSchema, type Protocol } from "../contract/index.ts";
import type { CacheRow } from "./database.ts";

export function isServerless({ kind }: Pick<CacheRow, "kind">): boolean {
	return kind === "serverless";
}

export function protocolOf({ clusterMode }: Pick<CacheRow, "clusterMode">): Protocol {
	return clusterMode === "enabled" ? "cluster" : "standard";
}

export function limitsOf({ limits }: Pick<CacheRow, "limits">): Limits {
	return limitsSchema.parse(limits);
}
