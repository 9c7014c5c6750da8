import type { CacheModel, NodeModel, ShardModel } from "../cache/model.ts";
import { primaryOf } from "../cache/model.ts";
import { isHealthy, isReplicaInSync, isServingPrimary, isSilent } from "../cache/node-health.ts";

/** How long a snapshot waits for a replica in sync before it takes the primary. */
const REPLICA_PATIENCE_MS = 60_000;

/** The node whose data a snapshot copies, or why there is none now, in a sentence. */
export type Source = { readonly node: NodeModel } | { readonly reason: string };

/**
 * A replica in sync, so that no client notices the copy. The primary if the shard has no replica, or none that has been in
 * sync for a while. `avoid` are hosts where it has failed.
 */
export function chooseSource(
	shard: ShardModel,
	waitedMs: number,
	avoid: ReadonlySet<string>,
): Source {
	const primary = primaryOf(shard);
	if (primary === undefined) return { reason: "The cache has no nodes yet." };
	const staying = shard.nodes.filter(
		(node) => !node.joining && node.leavingAt === null && node.replacesNodeId === null,
	);
	const replicas = staying.filter(({ id }) => id !== primary.id);
	const able = replicas.filter((node) => isReplicaInSync(node, primary) && !isSilent(node));
	const fresh = able.filter(({ host }) => !avoid.has(host.id));
	const replica = (fresh.length > 0 ? fresh : able).sort(byName)[0];
	if (replica !== undefined) return { node: replica };
	if (replicas.length > 0 && waitedMs < REPLICA_PATIENCE_MS) {
		return { reason: `No replica of ${primary.name} is in sync. Larder waits for one.` };
	}
	if (isServingPrimary(primary, shard) && !isSilent(primary)) return { node: primary };
	return { reason: `${primary.name} on ${primary.host.name} doesn't serve. Larder waits for it.` };
}

/** Why no shard of the cache can be copied now, in a sentence; null if they can. */
export function obstacleOf(cache: CacheModel): string | null {
	if (!cache.everAvailable) return "The cache is being created.";
	if (cache.operation !== null) {
		return "Slots are moving between shards. The snapshot begins when they have moved.";
	}
	if (cache.modeChange !== null) {
		return "The cache is changing to cluster mode. The snapshot begins after that.";
	}
	if (cache.sleep.state !== null) {
		return "The cache is waking up for the snapshot.";
	}
	const unwell = cache.shards.filter(
		(shard) => !shard.nodes.some((node) => isHealthy(node, shard) && !isSilent(node)),
	);
	const [shard] = unwell;
	return shard === undefined ? null : `Shard ${shard.index + 1} has no node that serves.`;
}

function byName(a: NodeModel, b: NodeModel): number {
	return a.name < b.name ? -1 : 1;
}
