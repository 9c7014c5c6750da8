import { nodeIdsColumn } from "../data/cache-mapping.ts";
import type { Transaction } from "../data/database.ts";
import { clusterNodeId } from "../domain/cache/cluster-node-id.ts";

/** Engines have long forgotten older ones. */
const FORMER_MAX = 1_000;

/** In cluster mode: makes the other nodes forget a former member, in case one still knows it. */
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
