import type { CacheModel, NodeModel, PlanAction, ShardModel } from "./model.ts";
import { holdsData, isConverged, isSilent } from "./node-health.ts";

/**
 * Lets a replica go only once other replicas have every write that it has acknowledged. `WAIT` may have confirmed a write
 * because of this replica alone: if it left while another one is a little behind, and the primary died at that moment, the
 * write would be lost.
 *
 *                 detach-node                            retire
 *   retire ⟶  X ─────────────> X acknowledges nothing ──────────> ·
 *             ^                 │ the others have caught up
 *             └─────────────────┘ attach-node: nothing removes it any more
 *
 * Until it is removed, it can take over like any replica. Its host waits for the others, because only engines know what
 * they have now.
 */
export function detachFirst(cache: CacheModel, actions: readonly PlanAction[]): PlanAction[] {
	const leaving = new Set(
		actions.flatMap((action) => (action.kind === "retire" ? action.nodeId : [])),
	);
	const nodes = cache.shards.flatMap((shard) => shard.nodes.map((node) => ({ shard, node })));
	const staying = nodes.filter(
		({ node }) => node.detached && node.leavingAt === null && !leaving.has(node.id),
	);
	return [
		...actions.flatMap((action): PlanAction[] => {
			if (action.kind !== "retire") return [action];
			const found = nodes.find(({ node }) => node.id === action.nodeId);
			if (found === undefined || mayGo(cache, found.shard, found.node)) return [action];
			return found.node.detached ? [] : [{ kind: "detach-node", nodeId: action.nodeId }];
		}),
		...staying.map(({ node }) => ({ kind: "attach-node", nodeId: node.id }) as const),
	];
}

/** Nothing is lost when it is removed now. An agent that can't detach a node yet has converged at once. */
export function mayGo(cache: CacheModel, shard: ShardModel, node: NodeModel): boolean {
	if (cache.engine === "memcached" || node.id === shard.primaryNodeId) return true;
	if (!holdsData(node) || isSilent(node)) return true;
	const others = shard.nodes.filter(
		(each) => each !== node && each.id !== shard.primaryNodeId && !each.detached,
	);
	return !others.some(holdsData) || (node.detached && isConverged(node));
}
