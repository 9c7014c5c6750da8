import type { ModifyCacheInput } from "./modify-cache.ts";

/** What people call the fields of a change of nodes, within a sentence. Confirmations have no words. */
export const CHANGE_WORDS = {
	applyPending: "pending parameters",
	automaticFailover: "automatic failover",
	clusterMode: "cluster mode",
	engine: "engine",
	engineVersion: "engine version",
	moves: "moves",
	multiAz: "Multi-AZ",
	nodeType: "node type",
	nodes: "nodes",
	parameterGroup: "parameter group",
	removeNodes: "nodes to remove",
	replicasPerShard: "replicas per shard",
	shardReplicas: "replicas by shard",
	shards: "shards",
	zones: "zones",
} as const satisfies Partial<Record<keyof ModifyCacheInput, string>>;

/** What a change is about, such as "node type, shards". */
export function changeWords(changes: Readonly<Record<string, unknown>>): string {
	const words: Readonly<Record<string, string>> = CHANGE_WORDS;
	return Object.keys(changes)
		.flatMap((field) => words[field] ?? [])
		.join(", ");
}
