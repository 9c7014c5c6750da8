import { randomUUID } from "node:crypto";
import { NODE_TYPES, nodeTypeNameSchema } from "../../contract/node-type.ts";
import { type FullCache, progressColumn } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { advance } from "../../domain/cache/progress.ts";
import { usableMemoryBytes } from "../../domain/engines/node-memory.ts";
import { type PlacementHost, placeNodes } from "../../domain/placement/place-nodes.ts";
import type { Resources } from "../../services/context.ts";
import { bumpHosts, wakeHosts } from "../../services/bump-hosts.ts";

/**
 * Writes the nodes of a cache that has none. Returns the reason if they don't fit now. Placements run one at a time in
 * a control plane; across several, the unique constraint on host and port and the reconciler's retry settle a race.
 */
export async function placeCache(resources: Resources, cache: FullCache): Promise<string | null> {
	const shard = cache.shards[0];
	if (shard === undefined) throw new Error(`cache ${cache.name} has no shard`);
	const nodeCount = cache.replicasPerShard + 1;
	const { memoryBytes } = NODE_TYPES[nodeTypeNameSchema.parse(cache.nodeType)];
	const outcome = await resources.db.$transaction(async (tx) => {
		const result = placeNodes({
			hosts: await placementHosts(resources, tx),
			nodeCount,
			nodeMemoryBytes: memoryBytes,
			multiAz: cache.multiAz,
			port: cache.portRequested ? cache.port : null,
			portRange: resources.clientPorts,
		});
		if (!result.ok) return { reason: result.reason, hostIds: [] };
		const ids = result.placements.map(() => randomUUID());
		const primaryId = ids[0] ?? null;
		await tx.node.createMany({
			data: result.placements.map((placement, index) => ({
				id: ids[index] ?? randomUUID(),
				cacheId: cache.id,
				shardId: shard.id,
				name: `${cache.name}-${String(index + 1).padStart(3, "0")}`,
				hostId: placement.hostId,
				port: placement.port,
				memoryBytes: BigInt(memoryBytes),
				maxmemoryBytes: BigInt(usableMemoryBytes(memoryBytes)),
				followsNodeId: index === 0 ? null : primaryId,
				onExit: exitPolicy(index === 0, nodeCount),
			})),
		});
		await tx.shard.updateMany({ where: { id: shard.id }, data: { primaryNodeId: primaryId } });
		await tx.cache.updateMany({
			where: { id: cache.id },
			data: {
				port: result.placements[0]?.port ?? null,
				statusReason: null,
				progress: advance(
					progressColumn.parse(cache.progress),
					1,
					"running",
					resources.clock.now().toISOString(),
				),
			},
		});
		const hostIds = result.placements.map((placement) => placement.hostId);
		await bumpHosts(tx, hostIds);
		return { reason: null, hostIds };
	});
	wakeHosts(resources, new Set(outcome.hostIds));
	return outcome.reason;
}

/** A primary with replicas is never restarted by its host alone: a replica may hold data that it no longer has. */
export function exitPolicy(isPrimary: boolean, nodeCount: number): "restart" | "report" {
	return isPrimary && nodeCount > 1 ? "report" : "restart";
}

async function placementHosts({ fleet }: Resources, tx: Transaction): Promise<PlacementHost[]> {
	const rows = await tx.host.findMany({
		include: { nodes: { select: { port: true, memoryBytes: true } } },
		orderBy: { name: "asc" },
	});
	return rows
		.filter((row) => fleet.isOnline(row.id))
		.map((row) => ({
			id: row.id,
			name: row.name,
			zone: row.zone,
			freeMemoryBytes:
				Number(row.memoryBytes) -
				row.nodes.reduce((sum, node) => sum + Number(node.memoryBytes), 0),
			usedPorts: new Set(row.nodes.map((node) => node.port)),
		}));
}
