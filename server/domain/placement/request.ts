import type { HostRoom, PlacedMember } from "../../contract/spread-nodes.ts";

/** A node type by what it requires. */
export interface Alternative {
	name: string;
	memoryBytes: number;
	cpuMillis: number;
}

export interface PlacementHost extends HostRoom {
	usedPorts: ReadonlySet<number>;
}

export interface PlacementRequest {
	/** What continues once there is room, to be named in reasons. */
	purpose: "creation" | "growth";
	/** Online hosts only. */
	hosts: readonly PlacementHost[];
	/** How many nodes each shard has; the first one is its primary. Memcached's nodes are one shard without a primary. */
	shards: readonly number[];
	/** Nodes that each shard has already, if any; new ones come after them. */
	members?: readonly (readonly PlacedMember[])[];
	nodeMemoryBytes: number;
	nodeCpuMillis: number;
	/** Require at least two zones per shard. */
	multiAz: boolean;
	/** Zones to choose from, in order; null for all. */
	zones: readonly string[] | null;
	portRange: { first: number; last: number };
	/** Node types to suggest if this one doesn't fit. */
	alternatives: readonly Alternative[];
}
