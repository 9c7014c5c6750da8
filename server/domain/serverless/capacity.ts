import { GIB, MIB, RESERVED_MEMORY_SHARE } from "../../contract/limits.ts";
import type { NodeTypeSize } from "../../contract/node-type-catalog.ts";
import {
	FLOOR_BYTES,
	IDLE_BYTES,
	type Limits,
	STORAGE_GB_BYTES,
} from "../../contract/serverless.ts";
import { usableMemoryBytes } from "../../contract/usable-memory.ts";

/**
 * Sizes of serverless caches. A shard's bytes are its engines' maxmemory; a node takes more of its host, for buffers and
 * forks.
 */

/** A shard has at most this much: a replica copies it, and an engine saves it, in bearable time. */
export const SHARD_BYTES_MAX = 64 * GIB;
/** Memory is given in these units. */
const UNIT_BYTES = 16 * MIB;

/** Requests of simple commands that one engine serves without strain. */
export const ECPU_PER_SHARD = 100_000;

/** Of each node: processors that its process may use at first, and what placement counts. */
export const NODE_VCPUS = 2;
export const NODE_CPU_MILLIS = 200;

/**
 * How many processors the process of a shard's node may use. One carries out commands; a larger shard has more clients, whose
 * connections take threads of their own, and more to copy and save.
 */
export function vcpusOf(shardBytes: number): number {
	if (shardBytes <= 8 * GIB) return NODE_VCPUS;
	return shardBytes <= 32 * GIB ? 4 : 8;
}

/** The least that a node of a shard takes of its host's memory. */
export function nodeBytesOf(shardBytes: number): number {
	return Math.ceil(shardBytes / (1 - RESERVED_MEMORY_SHARE));
}

/** What a node with that memory has for data. */
export function shardBytesOf(nodeBytes: number): number {
	return usableMemoryBytes({ engine: "valkey", memoryBytes: nodeBytes, overrides: {} });
}

/** Of the nodes of a new cache with that many shards, or Memcached nodes. */
export function initialSize(limits: Limits, shards: number): NodeTypeSize {
	const memoryBytes = nodeBytesOf(boundsOf(limits, shards).minBytes);
	return { memoryBytes, vcpus: NODE_VCPUS, cpuMillis: NODE_CPU_MILLIS };
}

export interface Bounds {
	/** Of one shard. */
	minBytes: number;
	maxBytes: number;
	minShards: number;
}

/** What limits allow a shard of a cache with that many shards; without clients, it may have less. */
export function boundsOf(
	{ dataStorageGb, ecpuPerSecond }: Limits,
	shards: number,
	hasClients = true,
): Bounds {
	const of = (gb: number) => (gb * STORAGE_GB_BYTES) / shards;
	const maxBytes =
		dataStorageGb.max === null
			? SHARD_BYTES_MAX
			: Math.min(SHARD_BYTES_MAX, Math.floor(of(dataStorageGb.max)));
	const floorBytes = hasClients ? FLOOR_BYTES : IDLE_BYTES;
	const wanted = Math.max(floorBytes, Math.ceil(of(dataStorageGb.min ?? 0)));
	return {
		minBytes: Math.min(wanted, maxBytes),
		maxBytes,
		minShards: Math.ceil((ecpuPerSecond.min ?? 1) / ECPU_PER_SHARD),
	};
}

/**
 * How much of a shard stays free at the least: with less, it grows. A share while it is small, because bursts are as
 * large as it is; an amount once that lasts for seconds at any rate.
 */
export function headroomOf(shardBytes: number): number {
	return Math.min(0.4 * shardBytes, 4 * GIB);
}

/** The least that a shard must have to hold so much with headroom. */
export function bytesFor(usedBytes: number): number {
	return Math.min(usedBytes / 0.6, usedBytes + 4 * GIB);
}

/** The next size of a shard that grows: twice as large, while that isn't more than hosts can spare. */
export function nextBytes(shardBytes: number): number {
	return Math.min(2 * shardBytes, shardBytes + 16 * GIB);
}

/** How much a shard should have for that much data: enough that neither a little more nor a little less changes it. */
export function roomyBytes(usedBytes: number): number {
	return inUnits(Math.min(usedBytes / 0.45, usedBytes + 8 * GIB));
}

export function inUnits(bytes: number): number {
	return Math.ceil(bytes / UNIT_BYTES) * UNIT_BYTES;
}
