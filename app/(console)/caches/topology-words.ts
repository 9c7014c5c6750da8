import type { Cache, CacheNode, CacheSummary } from "../../../server/contract/cache-view.ts";
import type { NodeRole } from "../../../server/contract/enums.ts";
import { plural } from "../../_lib/format/count.ts";

/** "3 shards × 1 replica", "1 primary, no replica", "2 nodes", "Serverless, cluster". */
export function topologyWords(cache: Cache | CacheSummary): string {
	if (cache.kind === "serverless") {
		return cache.protocol === null ? "Serverless" : `Serverless, ${cache.protocol}`;
	}
	if (cache.engine === "memcached") return plural(cache.nodeCount, "node");
	const replicas =
		cache.replicasPerShard === 0 ? "no replica" : plural(cache.replicasPerShard, "replica");
	if (cache.clusterMode === "disabled") return `1 primary, ${replicas}`;
	return cache.replicasPerShard === 0
		? `${plural(cache.shardCount, "shard")}, ${replicas}`
		: `${plural(cache.shardCount, "shard")} × ${replicas}`;
}

const ROLE_WORDS: Readonly<Record<NodeRole, string>> = {
	primary: "Primary",
	replica: "Replica",
	node: "Node",
};

export function roleWord(role: NodeRole | null): string {
	return role === null ? "No role yet" : ROLE_WORDS[role];
}

export function nodesOf(cache: Cache): CacheNode[] {
	return cache.shards.flatMap((shard) => shard.nodes);
}

/** Nodes that hold data of their own: primaries, and all of Memcached's. */
export function dataNodesOf(cache: Cache): CacheNode[] {
	return nodesOf(cache).filter(({ role }) => role === "primary" || role === "node");
}

/** "0-5460" → "0–5460" */
export function slotWords(slots: string | null): string {
	if (slots === null) return "all keys";
	return slots === "" ? "no slots" : slots.replaceAll("-", "–").replaceAll(",", ", ");
}

/** Parameters that some node will apply only when it is rebooted. */
export function pendingParametersOf(cache: Cache): string[] {
	return [...new Set(nodesOf(cache).flatMap((node) => node.pendingParameters))].sort();
}

/**
 * "Moving to local-b", or "Moved here from local-a" once its new place serves; "Being replaced" by another process on the
 * same host; nothing for a node that stays.
 */
export function moveWords({ move, host }: CacheNode): string {
	if (move === null) return "";
	if (move.from === move.to) return "Being replaced";
	return host === move.from ? `Moving to ${move.to}` : `Moved here from ${move.from}`;
}
