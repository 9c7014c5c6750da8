import {
	type Cache,
	evictionPolicySchema,
	type Limits,
	limitsSchema,
	type Protocol,
} from "../contract/index.ts";
import { usableMemoryBytes } from "../contract/usable-memory.ts";
import type { FullCache, FullNode } from "./cache-mapping.ts";
import type { CacheRow } from "./database.ts";
import type { FleetState } from "./fleet-state.ts";

type ServerlessView = Pick<Cache, "protocol" | "limits" | "usage" | "capacity" | "evictionPolicy">;

export function isServerless({ kind }: Pick<CacheRow, "kind">): boolean {
	return kind === "serverless";
}

export function protocolOf({ clusterMode }: Pick<CacheRow, "clusterMode">): Protocol {
	return clusterMode === "enabled" ? "cluster" : "standard";
}

export function limitsOf({ limits }: Pick<CacheRow, "limits">): Limits {
	return limitsSchema.parse(limits);
}

/** What only a serverless cache has; null for others. */
export function serverlessView(row: FullCache, fleet: FleetState): ServerlessView {
	if (!isServerless(row)) {
		return { protocol: null, limits: null, usage: null, capacity: null, evictionPolicy: null };
	}
	return {
		protocol: protocolOf(row),
		limits: limitsOf(row),
		usage: {
			dataStorageBytes: dataStorageBytes(row, fleet),
			ecpuPerSecond: null,
			throttledPercent: null,
		},
		capacity: { memoryBytes: memoryForData(row), shards: row.shardCount },
		evictionPolicy: evictionPolicySchema.parse(row.evictionPolicy),
	};
}

function primaries(row: FullCache): FullNode[] {
	return row.shards.flatMap(({ nodes, primaryNodeId }) =>
		nodes.filter(({ id }) => id === primaryNodeId),
	);
}

/** What the primaries have now, or what they will have once they are placed. */
function memoryForData(row: FullCache): number {
	const placed = primaries(row);
	if (placed.length > 0) {
		return placed.reduce((sum, { maxmemoryBytes }) => sum + Number(maxmemoryBytes), 0);
	}
	const memoryBytes = Number(row.nodeMemoryBytes);
	return row.shardCount * usableMemoryBytes({ engine: "valkey", memoryBytes, overrides: {} });
}

function dataStorageBytes(row: FullCache, fleet: FleetState): number | null {
	const samples = primaries(row).map(({ id }) => fleet.metrics(id));
	if (samples.length === 0 || samples.includes(null)) return null;
	return samples.reduce((sum, sample) => sum + (sample?.memoryUsedBytes ?? 0), 0);
}
