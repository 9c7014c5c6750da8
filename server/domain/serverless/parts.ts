import type { Protocol } from "../../contract/enums.ts";
import { LIMITS } from "../../contract/limits.ts";
import { MEMCACHED_NODES_MIN } from "../../contract/serverless.ts";

/** What a serverless cache consists of, as its policy counts it. */
export interface Parts {
	readonly name: "shard" | "node";
	/** Nodes with the same data. */
	readonly copies: 1 | 2;
	readonly least: number;
	readonly most: number;
}

/** ElastiCache's highest number of shards leaves room for replicas; a policy needs fewer. */
const SHARDS: Parts = { name: "shard", copies: 2, least: 1, most: 90 };
const MEMCACHED_NODES: Parts = {
	...{ name: "node", copies: 1 },
	...{ least: MEMCACHED_NODES_MIN, most: LIMITS.memcachedNodesMax },
};

/** Null for Memcached, which has no protocol to choose. */
export function partsOf(protocol: Protocol | null): Parts {
	return protocol === null ? MEMCACHED_NODES : SHARDS;
}
