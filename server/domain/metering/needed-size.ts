import type { Engine } from "../../contract/enums.ts";
import { CLIENTS_MAX_DEFAULT, LIMITS } from "../../contract/limits.ts";
import { nodeHourlyCost } from "../../contract/node-price.ts";
import type { NodeTypeSize } from "../../contract/node-type-catalog.ts";
import type { RateCard } from "../../contract/rate-card.ts";
import { usableMemoryBytes } from "../../contract/usable-memory.ts";

/** The most that a cache needed at a time. */
export interface Peaks {
	/** Of all primaries or Memcached nodes together. */
	readonly dataBytes: number;
	/** Processors that they used together. */
	readonly cores: number;
	/** Clients of all nodes together. */
	readonly clients: number;
}

export interface SizedShape {
	readonly nodeType: string;
	/** Shards; for Memcached, nodes. */
	readonly shards: number;
	readonly nodes: number;
	readonly hourlyCost: number;
	/** It has several shards, though the cache can have only one: no node type is large enough. */
	readonly needsCluster: boolean;
}

/** Room above what was needed at most: data, processors and clients shouldn't fill more than this share. */
const FULL_SHARE = 0.8;

interface Need {
	engine: Engine;
	peaks: Peaks;
	/** Whether data can be spread over several shards. */
	canShard: boolean;
	replicasPerShard: number;
	nodeTypes: ReadonlyMap<string, NodeTypeSize>;
	card: RateCard;
}

/**
 * The cheapest nodes that what a cache needed fits on, with room to spare. If it can't be sharded and no node type is large
 * enough, those of a cluster. Null if not even the most shards are enough.
 */
export function neededSize(need: Need): SizedShape | null {
	const found = cheapest(need);
	if (found !== null || need.canShard) return found;
	const sharded = cheapest({ ...need, canShard: true });
	return sharded && { ...sharded, needsCluster: true };
}

function cheapest(need: Need): SizedShape | null {
	const { engine, peaks, canShard, replicasPerShard, nodeTypes, card } = need;
	const most = !canShard ? 1 : engine === "memcached" ? LIMITS.memcachedNodesMax : LIMITS.shardsMax;
	const perShard = engine === "memcached" ? 1 : replicasPerShard + 1;
	const shapes = [...nodeTypes].flatMap(([nodeType, size]): SizedShape[] => {
		const { memoryBytes } = size;
		const usable = usableMemoryBytes({ engine, memoryBytes, overrides: {} }) * FULL_SHARE;
		const shards = Math.max(
			1,
			Math.ceil(peaks.dataBytes / usable),
			Math.ceil(peaks.cores / (coresOf(engine, size) * FULL_SHARE)),
			Math.ceil(peaks.clients / (CLIENTS_MAX_DEFAULT * perShard * FULL_SHARE)),
		);
		if (shards > most) return [];
		const nodes = shards * perShard;
		const hourlyCost = nodes * nodeHourlyCost(card, { engine, nodeType, memoryBytes });
		return [{ nodeType, shards, nodes, hourlyCost, needsCluster: false }];
	});
	return shapes.toSorted((a, b) => a.hourlyCost - b.hourlyCost || a.nodes - b.nodes)[0] ?? null;
}

/** Valkey and Redis OSS carry out commands in one thread; Memcached uses all. */
function coresOf(engine: Engine, { cpuMillis }: NodeTypeSize): number {
	const cores = cpuMillis / 1_000;
	return engine === "memcached" ? cores : Math.min(1, cores);
}
