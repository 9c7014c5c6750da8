import { SERVERLESS_NODE_TYPE } from "../contract/serverless.ts";
import { formatGib } from "../contract/units.ts";
import type { FullNode } from "../data/cache-mapping.ts";
import type { Resources } from "./context.ts";
import type { NodeColumns } from "./node-columns.ts";

/**
 * Why the node's data doesn't fit into a smaller one, with figures; null if it does. Judged by the newest sample: an
 * engine without one may hold anything. `dataShare` is how much of it the node will still have.
 */
export function dataMisfit(
	{ fleet }: Resources,
	node: Pick<FullNode, "id" | "name" | "maxmemoryBytes">,
	wanted: Pick<NodeColumns, "maxmemoryBytes" | "nodeType">,
	dataShare = 1,
): string | null {
	if (wanted.maxmemoryBytes >= node.maxmemoryBytes) return null;
	const sample = fleet.metrics(node.id);
	// Users of a serverless cache don't know node types.
	const isServerless = wanted.nodeType === SERVERLESS_NODE_TYPE;
	if (sample === null) {
		if (isServerless) {
			return `Larder doesn't know yet how much data ${node.name} holds, so it waits before it reduces the memory.`;
		}
		return `Larder doesn't know yet how much data ${node.name} holds, and ${wanted.nodeType} has less memory than its current node type. Try again in a few seconds.`;
	}
	const usedBytes = sample.memoryUsedBytes * dataShare;
	if (usedBytes <= Number(wanted.maxmemoryBytes)) return null;
	const holds = dataShare === 1 ? "holds" : "would still hold";
	if (isServerless) {
		return `${node.name} ${holds} ${formatGib(usedBytes)}, more than the ${formatGib(Number(wanted.maxmemoryBytes))} that its memory should be reduced to. Delete data, or raise the storage maximum.`;
	}
	return `${node.name} ${holds} ${formatGib(usedBytes)}, but ${wanted.nodeType} has only ${formatGib(Number(wanted.maxmemoryBytes))} for data. Delete data first, or choose a larger node type.`;
}
