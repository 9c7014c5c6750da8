import { nodeIdsColumn } from "../data/cache-mapping.ts";
import type { Transaction } from "../data/database.ts";
import { clusterNodeId } from "../domain/cache/cluster-node-id.ts";

/** Those that are older are long forgotten by the engines. */
const FORMER_MAX = 1_000;

/** In cluster mode: has the others forget a node that isn't theirs any more, should one still know it. */
export async function noteFormerNode(
	tx: Transaction,
	cacheId: string,
	nodeId: string,
): Promise<void> {
	const cache = await tx.cache.findUniqueOrThrow({ where: { id: cacheId } });
	if (cache.clusterMode !== "enabled") return;
	const former = [...(nodeIdsColumn.parse(cache.formerNodeIds) ?? []), clusterNodeId(nodeId)];
	await tx.cache.update({
		where: { id: cacheId },
		data: { formerNodeIds: former.slice(-FORMER_MAX) },
	});
}
