import type { CacheModel, PlanAction } from "./model.ts";
import { allNodes } from "./model.ts";
import { isServing } from "./node-health.ts";

/**
 * Memcached: nodes are named to auto discovery while they are ready, so that clients never learn of one that isn't. One
 * that is to take another's place is named once it does: clients spread their keys over the same number of nodes.
 */
export function planDiscovery(cache: CacheModel): PlanAction[] {
	if (cache.engine !== "memcached") return [];
	const nodeIds = allNodes(cache)
		.filter((node) => isServing(node) && !node.removed && node.replacesNodeId === null)
		.map((node) => node.id);
	const same = JSON.stringify(nodeIds) === JSON.stringify(cache.discoveryNodeIds);
	return same ? [] : [{ kind: "publish-discovery", nodeIds }];
}
