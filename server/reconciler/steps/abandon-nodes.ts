import type { FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { lockCaches } from "../../data/row-locks.ts";
import { bumpHosts } from "../../services/bump-hosts.ts";

/**
 * Remembers the nodes that a deleted cache leaves on lost hosts, so that each host removes them when it
 * returns, and their ports go to no other node before that. False if such a host is back.
 */
export async function abandonNodes(tx: Transaction, cache: FullCache): Promise<boolean> {
	const nodes = await tx.node.findMany({
		where: { cacheId: cache.id },
		select: { id: true, hostId: true, port: true },
	});
	const hostIds = new Set(nodes.map(({ hostId }) => hostId));
	// Raising the revisions also locks the rows, so that no host comes online before this is done.
	const revisions = await bumpHosts(tx, hostIds);
	await lockCaches(tx, [cache.id]);
	const lost = await tx.host.count({
		where: { id: { in: [...hostIds] }, online: false, lostAt: { not: null } },
	});
	if (lost < hostIds.size) return false;
	const endpointPorts = [cache.port, cache.readerPort].flatMap((port) => port ?? []);
	await tx.abandonedNode.createMany({
		data: nodes.map((node) => ({
			...node,
			...{ cacheName: cache.name, endpointPorts },
			removedAtRevision: revisions.get(node.hostId) ?? 0,
		})),
	});
	return true;
}
