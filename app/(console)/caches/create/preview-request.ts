import type { HostRoom } from "../../../../server/contract/spread-nodes.ts";

export type PreviewHost = HostRoom;

export interface PreviewRequest {
	/** Online ones. */
	hosts: readonly PreviewHost[];
	shards: number;
	/** Of each shard; of the whole cache for Memcached. */
	nodesPerShard: number;
	isMemcached: boolean;
	multiAz: boolean;
	nodeMemoryBytes: number;
	nodeCpuMillis: number;
	/** The requested zones, in order; empty for all. */
	zones: readonly string[];
	/** How sizes are written in `shortage`. */
	formatBytes: (bytes: number) => string;
}
