import { NODE_TYPES } from "../../contract/node-type-catalog.ts";
import {
	type FullCache,
	nodesPerShard,
	progressColumn,
	zonesColumn,
} from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { Transaction } from "../../data/database.ts";
import { findNodeTypes } from "../../data/node-types.ts";
import { lockCaches } from "../../data/row-locks.ts";
import { isServerless } from "../../data/serverless-rows.ts";
import { advance } from "../../domain/cache/progress.ts";
import { placeNodes } from "../../domain/placement/place-nodes.ts";
import { bumpHosts, wakeGateways, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { nodeColumns } from "../../services/node-columns.ts";
import { placementHosts } from "../../services/placement-hosts.ts";
import { rerouteCaches } from "../../services/route-hosts.ts";
import { findEndpointPorts } from "./assign-ports.ts";
import { exitPolicy, newNode, nodeName } from "./new-node.ts";

/**
 * Writes the nodes and endpoint ports of a cache that has none. Returns the reason if they don't fit now.
 * Placements run one at a time in a control plane; across several, the unique constraints on ports and the
 * reconciler's retry settle a race.
 */
export async function placeCache(resources: Resources, cache: FullCache): Promise<string | null> {
	const outcome = await writeInCharge(resources, async (tx) => {
		const result = await choosePlaces(resources, tx, cache);
		if (!result.ok) return { reason: result.reason, hostIds: [] };
		const ports = await findEndpointPorts(resources, tx, cache);
		if (!ports.ok) return { reason: ports.reason, hostIds: [] };
		const hostIds = result.shards.flat().map(({ hostId }) => hostId);
		const size = await nodeColumns(tx, cache);
		await bumpHosts(tx, hostIds);
		await lockCaches(tx, [cache.id]);
		let number = 0;
		for (const [index, shard] of cache.shards.entries()) {
			const placements = result.shards[index] ?? [];
			const nodes = placements.map((placement, member) =>
				newNode(shard, nodeName(cache, index, member, number++), placement, size),
			);
			const primaryId = cache.engine === "memcached" ? null : (nodes[0]?.id ?? null);
			await tx.node.createMany({
				data: nodes.map((node) => ({
					...node,
					followsNodeId: node.id === primaryId ? null : primaryId,
					onExit: exitPolicy(node.id === primaryId, nodes.length),
				})),
			});
			await tx.shard.updateMany({ where: { id: shard.id }, data: { primaryNodeId: primaryId } });
		}
		await tx.cache.updateMany({
			where: { id: cache.id },
			data: {
				port: ports.port,
				readerPort: ports.readerPort,
				statusReason: null,
				progress: advance(
					progressColumn.parse(cache.progress),
					1,
					"running",
					resources.clock.now().toISOString(),
				),
			},
		});
		await rerouteCaches(tx, [cache.id]);
		return { reason: null, hostIds };
	});
	wakeHosts(resources, new Set(outcome.hostIds));
	if (outcome.reason === null) wakeGateways(resources);
	return outcome.reason;
}

async function choosePlaces(resources: Resources, tx: Transaction, cache: FullCache) {
	const members = nodesPerShard(cache);
	return placeNodes({
		purpose: "creation",
		hosts: await placementHosts(resources, tx),
		shards: cache.shards.map(() => members),
		nodeMemoryBytes: Number(cache.nodeMemoryBytes),
		nodeCpuMillis: cache.nodeCpuMillis,
		multiAz: cache.multiAz,
		zones: zonesColumn.parse(cache.zones),
		portRange: resources.nodePorts,
		alternatives: isServerless(cache) ? [] : await nodeTypes(tx),
	});
}

async function nodeTypes(tx: Transaction) {
	const own = await tx.nodeType.findMany({ select: { name: true } });
	const types = await findNodeTypes(tx, [...NODE_TYPES.keys(), ...own.map((type) => type.name)]);
	return [...types].map(([name, size]) => ({ name, ...size }));
}
