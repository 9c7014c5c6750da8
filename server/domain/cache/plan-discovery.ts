import type { CacheModel, PlanAction } from "./model.ts";
import { allNodes } from "./model.ts";
import { isServing } from "./node-health.ts";

/**
 * Memcached: auto discovery names a node while it is ready, so clients never learn of one that isn't. A
 * replacement isn't named before it takes over, because clients spread their keys over all nodes that are named.
 */
export function planDiscovery(cache: CacheModel): PlanAction[] {
	if (cache.engine !== "memcached") return [];
	const nodeIds = allNodes(cache)
		.filter((node) => isServing(node) && !node.removed && node.replacesNodeId === null)
		.filter((node) => !node.joining && node.leavingAt === null)
		.map((node) => node.id);
	const same = JSON.stringify(nodeIds) === JSON.stringify(cache.discoveryNodeIds);
	return same ? [] : [{ kind: "publish-discovery", nodeIds }];
}
