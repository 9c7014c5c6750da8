import type { Engine } from "./enums.ts";
import { MIB, RESERVED_MEMORY_SHARE } from "./limits.ts";

const CONNECTIONS_OVERHEAD_MIB = 100;

/**
 * How much of a node's memory is for data (the engine's maxmemory): the node's parameters reserve the rest for
 * buffers, forks and connections. At least one byte: 0 would mean no limit.
 */
export function usableMemoryBytes(options: {
	engine: Engine;
	memoryBytes: number;
	overrides: Readonly<Record<string, string>>;
}): number {
	const { engine, memoryBytes, overrides } = options;
	if (engine === "memcached") {
		const overheadMib = Number(
			overrides.memcached_connections_overhead ?? CONNECTIONS_OVERHEAD_MIB,
		);
		const overheadBytes = Math.min(overheadMib * MIB, memoryBytes * RESERVED_MEMORY_SHARE);
		return Math.max(1, Math.floor(memoryBytes - overheadBytes));
	}
	const percent = Number(overrides["reserved-memory-percent"] ?? RESERVED_MEMORY_SHARE * 100);
	return Math.max(1, Math.floor((memoryBytes * (100 - percent)) / 100));
}
