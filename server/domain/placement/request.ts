import type { HostRoom } from "../../contract/spread-nodes.ts";

/** A node type by what it takes. */
export interface Alternative {
	name: string;
	memoryBytes: number;
	cpuMillis: number;
}

export interface PlacementHost extends HostRoom {
	usedPorts: ReadonlySet<number>;
}

export interface PlacementRequest {
	/** Online hosts only. */
	hosts: readonly PlacementHost[];
	/** Nodes of each shard, the primary's first. Memcached's nodes are one shard without a primary. */
	shards: readonly number[];
	nodeMemoryBytes: number;
	nodeCpuMillis: number;
	/** Insist on at least two zones a shard. */
	multiAz: boolean;
	/** Zones to choose from, in order; null for all. */
	zones: readonly string[] | null;
	portRange: { first: number; last: number };
	/** Node types to name as a way out when this one doesn't fit. */
	alternatives: readonly Alternative[];
}
