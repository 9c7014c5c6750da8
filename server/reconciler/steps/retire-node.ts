import { type FullCache, type FullNode, nodeIdsColumn } from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { Transaction } from "../../data/database.ts";
import { type NewEvent, recordEvent } from "../../data/record-event.ts";
import { wakeGateways, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { noteFormerNode } from "../../services/former-nodes.ts";
import { keepPorts } from "../../services/keep-ports.ts";
import { rerouteCaches } from "../../services/route-hosts.ts";
import {
	affectedNodes,
	findMember,
	membersOf,
	raiseGenerations,
	setPrimaryPolicy,
} from "./membership.ts";

/**
 * Removes a node: its host stops it and confirms. A replacement takes over its place; a node without one just
 * goes.
 */
export async function retireNode(
	resources: Resources,
	cache: FullCache,
	nodeId: string,
): Promise<void> {
	const found = findMember(cache, nodeId);
	if (found === null) return;
	const { shard, node } = found;
	const heir = membersOf(shard).find((each) => each.replacesNodeId === nodeId);
	const affected = affectedNodes(cache, shard).filter((each) => each.id !== node.id);
	const hostIds = await writeInCharge(resources, async (tx) => {
		const current = await tx.node.findFirst({ where: { id: nodeId, removedAtRevision: null } });
		const { primaryNodeId } = await tx.shard.findUniqueOrThrow({ where: { id: shard.id } });
		// The primary stays, whatever the pass had read, and so does a node that is wanted again.
		if (current === null || primaryNodeId === nodeId) return [];
		if (node.leavingAt !== null && current.leavingAt === null) return [];
		const revisions = await raiseGenerations(tx, [cache.id], affected, [node.hostId]);
		await takeOut(resources, tx, cache, node, revisions.get(node.hostId) ?? 0);
		await setPrimaryPolicy(tx, shard.id);
		await discoverInstead(tx, cache, nodeId, heir?.id ?? null);
		await rerouteCaches(tx, [cache.id]);
		if (heir !== undefined) {
			await tx.node.update({ where: { id: heir.id }, data: { replacesNodeId: null } });
		}
		const event = departureEvent(cache, node, heir);
		if (event !== null) await recordEvent(tx, resources.clock, event);
		return [...revisions.keys()];
	});
	wakeHosts(resources, hostIds);
	wakeGateways(resources);
}

/** A replacement that is called off has an event of its own. */
function departureEvent(
	cache: FullCache,
	node: FullNode,
	heir: FullNode | undefined,
): NewEvent | null {
	const about = { severity: "info" as const, cacheName: cache.name, nodeName: node.name };
	if (heir === undefined) {
		if (node.leavingAt === null) return null;
		const message = `${node.name} was removed from ${cache.name}; it was on ${node.host.name}.`;
		return { ...about, type: "node.removed", message, hostName: node.host.name };
	}
	const message =
		node.hostId === heir.hostId
			? `${node.name} was replaced on ${heir.host.name}.`
			: `${node.name} moved from ${node.host.name} to ${heir.host.name}.`;
	return { ...about, type: "node.moved", message, hostName: heir.host.name };
}

/**
 * Removes it from its host's desired state, keeps its port from others, and records it as a former member of
 * the cluster.
 */
export async function takeOut(
	{ clock }: Resources,
	tx: Transaction,
	cache: FullCache,
	node: FullNode,
	removedAtRevision: number,
): Promise<void> {
	await tx.node.update({
		where: { id: node.id },
		data: { removedAtRevision, replacesNodeId: null },
	});
	const releasedAt = clock.now();
	await keepPorts(tx, [
		{ hostId: node.hostId, port: node.port, cacheName: cache.name, releasedAt },
	]);
	await noteFormerNode(tx, cache.id, node.id);
	await noteDeparture(tx, cache, node, releasedAt);
}

/** Its samples still count for the time that it was there. */
async function noteDeparture(
	tx: Transaction,
	cache: FullCache,
	{ id, name, shardId }: FullNode,
	leftAt: Date,
): Promise<void> {
	const shardIndex = cache.shards.find((shard) => shard.id === shardId)?.index ?? 0;
	await tx.departedNode.create({ data: { id, cacheId: cache.id, shardIndex, name, leftAt } });
}

/**
 * Makes Memcached's auto discovery name the heir in the node's place, if there is one. In the transaction
 * that removes the node: gateways name the nodes that still exist, and clients look at a list again only if
 * its version is higher.
 */
export async function discoverInstead(
	tx: Transaction,
	cache: FullCache,
	nodeId: string,
	heirId: string | null,
): Promise<void> {
	if (cache.engine !== "memcached") return;
	const { discoveryNodeIds } = await tx.cache.findUniqueOrThrow({
		where: { id: cache.id },
		select: { discoveryNodeIds: true },
	});
	const named = nodeIdsColumn.parse(discoveryNodeIds) ?? [];
	if (!named.includes(nodeId)) return;
	const nodeIds = named.flatMap((id) => (id === nodeId ? (heirId ?? []) : id));
	await tx.cache.update({
		where: { id: cache.id },
		data: { discoveryNodeIds: nodeIds, discoveryVersion: { increment: 1 } },
	});
}
