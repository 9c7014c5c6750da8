import { RESERVED_MEMORY_SHARE } from "../../contract/limits.ts";
import { NODE_TYPES, type NodeType, type NodeTypeName } from "../../contract/node-type.ts";

/** The engine's maxmemory: the node's memory less what buffers, fragmentation and forks need. */
export function usableMemoryBytes(memoryBytes: number): number {
	return Math.floor(memoryBytes * (1 - RESERVED_MEMORY_SHARE));
}

export function listNodeTypes(): NodeType[] {
	return (Object.keys(NODE_TYPES) as NodeTypeName[]).map((name) => ({
		name,
		...NODE_TYPES[name],
		usableMemoryBytes: usableMemoryBytes(NODE_TYPES[name].memoryBytes),
	}));
}
